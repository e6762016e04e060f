"""PAR INDEX: evidence for criteria, and points given in stages of an appraisal."""
