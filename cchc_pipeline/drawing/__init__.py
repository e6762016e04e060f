"""Charts, Markdown tables and page templates for site, reports and the Dagster UI.

Belongs here: how something is drawn. Not here: what is drawn, and words for officials (`vietnamese.py`, the callers).
"""
