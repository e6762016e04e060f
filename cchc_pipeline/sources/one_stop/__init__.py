"""Read one-stop systems (một cửa điện tử)."""
