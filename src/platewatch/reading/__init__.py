"""A photo in, readings out: the pool of readers and what was read before."""
