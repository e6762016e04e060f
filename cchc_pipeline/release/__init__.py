"""Content of a published version: tables, pages and missing days.

Belongs here: joining what was built into one version and handing it to `lake.publish`. Not here: building the tables
(`core`, `indicators`, `scorecards`), drawing the pages (`site`), writing files and moving the pointer (`lake`).
"""
