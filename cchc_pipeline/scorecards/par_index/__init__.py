"""Score PAR INDEX by evidence and by points given in stages of an appraisal."""
