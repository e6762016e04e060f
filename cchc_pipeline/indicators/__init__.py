"""The indicator catalogue and the SQL that computes it, for every unit and any period."""
