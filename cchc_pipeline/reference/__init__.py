"""Administrative units and their codes, and the working calendar."""
