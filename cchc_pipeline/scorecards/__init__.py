"""Rubrics, the scoring engine and the indices scored with them: QĐ 766, PAR INDEX, PAPI.

Belongs here: how measures become points. Not here: how measures are counted (`indicators`), how pages look (`reports`).
"""
