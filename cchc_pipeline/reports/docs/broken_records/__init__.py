"""One YAML file per inbound table: a clean record, and for every rule a record that breaks it. No code."""
