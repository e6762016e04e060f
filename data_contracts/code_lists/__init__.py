"""Code lists that contracts refer to by name: one YAML file per list. No code."""
