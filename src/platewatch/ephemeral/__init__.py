"""Data that may be lost: counts of requests, and results that can be computed again. In this process, or in Redis."""
