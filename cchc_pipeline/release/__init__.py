"""What makes up a published version: its tables, its pages, and the days that are missing.

Belongs here: joining what was built into one version and handing it to `lake.publish`. Not here: building the tables
(`core`, `indicators`, `scorecards`), drawing the pages (`site`), writing files and moving the pointer (`lake`).
"""
