"""Compare our dossiers with the national portal's figures: causes and points."""
