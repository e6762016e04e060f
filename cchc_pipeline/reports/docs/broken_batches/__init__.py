"""Broken batches, files and source replies with their verdicts, as YAML. No code."""
