"""Benchmarks of the server: searches, recording, memory."""
