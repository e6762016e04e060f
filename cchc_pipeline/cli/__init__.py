"""Hold the commands of `cchc`: their options and what they print, one file per command or group.

What computes belongs to the room of its subject. Commands that need the orchestrator stand in `assets`.
"""
