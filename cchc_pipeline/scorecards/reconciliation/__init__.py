"""Our dossiers against the national portal's figures: causes and points."""
