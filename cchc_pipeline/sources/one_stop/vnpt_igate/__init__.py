"""Package vnpt_igate."""
