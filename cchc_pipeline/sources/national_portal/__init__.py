"""Read the National Public Service Portal."""
