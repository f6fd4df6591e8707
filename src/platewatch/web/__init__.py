"""Requests: callers, guards, dependencies and error answers for all routes."""
