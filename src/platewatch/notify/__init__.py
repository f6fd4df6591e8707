"""Events: from the outbox to everybody who listens."""
