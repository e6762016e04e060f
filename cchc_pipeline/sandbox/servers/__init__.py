"""The source systems of a province over HTTP, as of a clock, with injected faults.

Belongs here: routes, replies, and what each system shows of a dossier or letter. Not here: what happens to them
(`life`), clients that read the systems (`cchc_pipeline.sources`), true indicators (`truth`).
"""
