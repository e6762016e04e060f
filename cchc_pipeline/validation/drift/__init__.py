"""Compare staged days with earlier ones, by profiles of counts kept at staging.

Belongs here: profiles and codes of days, comparisons of days and of periods, what counts as a break.
Not here: verdicts on rows (`validation/`), which columns are compared (`contracts/`), alerts (`assets/`).
"""
