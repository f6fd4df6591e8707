"""Images at rest: kept once by the hash of their content, and never left dangling by a crash."""
