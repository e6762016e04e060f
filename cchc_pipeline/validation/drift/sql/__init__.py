"""SQL files of the contracts' room, in DuckDB's dialect."""
