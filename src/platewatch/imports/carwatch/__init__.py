"""Taking over the users, history and images of a CarWatch database."""
