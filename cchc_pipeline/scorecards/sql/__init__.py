"""Keep the SQL over finished scorecards; no code."""
