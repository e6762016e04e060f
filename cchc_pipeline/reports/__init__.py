"""What people read: the forms, charts, the closing table of a run, and what a release contains."""
