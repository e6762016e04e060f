"""Hold the SQL files that profile days, in DuckDB's dialect."""
