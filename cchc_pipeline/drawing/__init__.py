"""Charts and page templating for site, reports and Dagster UI.

Belongs here: how something is drawn. Not here: which figures are drawn (the callers), and words for officials
(`vietnamese.py`, the callers).
"""
