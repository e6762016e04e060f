"""SQL files of the core tables, one per table, in DuckDB's dialect."""
