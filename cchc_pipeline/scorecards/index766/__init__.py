"""Score QĐ 766, the index of service to citizens, from the portal and our data.

Source: Quyết định 766/QĐ-TTg, 23/6/2022; the way of scoring of each year stands in `legal_basis` of its rubric.
"""
