"""LAYOUTS + TYPEFACES -> PLATES: everything drawn is data in YAML, this code reads, checks and draws it."""
