"""Define the codes that all indices share."""

#: Code of the row of a scorecard that sums up the whole index; no group or criterion of a rubric may have it.
TOTAL_CODE = "TOTAL"
