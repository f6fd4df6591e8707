"""Renders plates and trains the models that platewatch ships."""
