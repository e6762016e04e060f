"""The files that the built-in province puts into the drop folder.

Belongs here: writing of the PAPI table and the registers as offices would. Not here: the rows of the registers
(`scenarios`, `exact`), reading the files (`sources`, `tabular`).
"""
