"""Work through many rows that an operator starts by a command."""
