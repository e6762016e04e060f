"""Score PAR INDEX by evidence and by points given in stages of an appraisal.

Source: Quyết định 892/QĐ-BNV, 05/12/2024, whose tables of points are not public; below the province its own decisions.
"""
