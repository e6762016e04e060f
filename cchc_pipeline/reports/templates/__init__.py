"""Templates of reports; there are none at present. No code."""
