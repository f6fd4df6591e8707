"""Reading the text and the region of a plate's crop."""
