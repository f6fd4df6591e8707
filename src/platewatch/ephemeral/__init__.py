"""What may be lost: counts of requests and results that could be computed again. In this process, or in Redis."""
