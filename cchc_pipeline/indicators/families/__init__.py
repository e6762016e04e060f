"""The indicator catalogue: one YAML file per family of indicators. No code."""
