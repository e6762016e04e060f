"""The periodic report on administrative reform (báo cáo CCHC) as a .docx document.

Belongs here: its template, filling the template from the published tables, and the form of the document. Not here:
computing indicators or scores (`indicators`, `scorecards`).
"""
