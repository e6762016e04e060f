"""The commands of `cchc`: their options and what they print, one file per command or group.

Belongs here: reading options and arguments, calling one room for the answer, and printing it. What several commands
share stands in `options` (options) and `printing` (table, CSV, JSON, progress).
Not here: computing or writing what is printed (the room of its subject), and commands that need the orchestrator
(`assets/command.py`).
"""
