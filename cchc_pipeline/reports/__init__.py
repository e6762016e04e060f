"""What people ask for: form II.06a, explain, late dossiers, reconciliation, .docx.

Belongs here: reading published tables for one question, and rendering `docs/`. Not here: computing what is published
(`indicators`, `scorecards`), the pages of a version (`site`), and printing (`cli`).
"""
