"""Keep the SQL of the reconciliation."""
