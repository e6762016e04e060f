"""The pages for people: a static, offline, bilingual site about scores, made with every published version.

Belongs here: what the pages show, how they look, and the command that makes them. Not here: any figure that is not in
a published table (`scorecards/`, `indicators/`), and the pages about data quality (`site/quality_page.py`).
"""

#: Folder of the site in a published version.
FOLDER = "site"
