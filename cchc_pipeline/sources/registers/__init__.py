"""Read registers that offices keep, from the drop folder."""
