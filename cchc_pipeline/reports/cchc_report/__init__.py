"""The periodic report on administrative reform (báo cáo CCHC) as an administrative document in .docx.

Belongs here: its period, its template, filling the template from the published tables, and the form of the document.
Not here: computing indicators or scores.
"""
