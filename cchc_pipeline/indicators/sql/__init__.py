"""SQL files of the indicator room, in DuckDB's dialect."""
