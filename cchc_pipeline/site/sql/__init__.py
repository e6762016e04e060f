"""SQL files that shape published tables for the pages, in DuckDB's dialect."""
