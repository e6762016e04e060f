"""Templates of the pages for people. No code."""
