"""Finding plates in a picture."""
