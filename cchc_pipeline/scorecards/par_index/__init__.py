"""PAR INDEX: evidence for its criteria, and what people scored in the stages of an appraisal."""
