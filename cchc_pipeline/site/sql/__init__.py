"""SQL files that select rows of published tables for the pages. No code."""
