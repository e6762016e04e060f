"""The pages of a published version: scores and data quality, static, offline.

Belongs here: what the pages show and how they look, from published tables only. Not here: figures that no published
table holds (`indicators`, `scorecards`), drawing charts (`drawing`), publishing the files (`release`, `lake`).
"""

#: Folder of the site in a published version.
FOLDER = "site"
