"""Charts, Markdown tables and Jinja environment for site, reports and the Dagster UI.

Belongs here: how something is drawn. Not here: which figures are drawn (the callers), and words for officials
(`vietnamese.py`, the callers).
"""
