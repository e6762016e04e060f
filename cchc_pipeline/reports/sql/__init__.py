"""SQL files of reports over published tables. No code."""
