"""Read document systems."""
