"""Read rubrics, and turn measures into points by them."""
