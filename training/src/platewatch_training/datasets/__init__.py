"""Labelled photos on disk."""
