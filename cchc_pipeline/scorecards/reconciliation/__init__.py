"""Reconciliation: our dossiers against the national portal's figures, each difference with its cause and its points."""
