"""SQL over finished scorecards. No code."""
