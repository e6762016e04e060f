"""One Open Data Contract Standard file per table that enters or leaves the pipeline. No code."""
