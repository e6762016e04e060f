"""Package national_portal."""
