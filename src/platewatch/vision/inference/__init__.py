"""Running networks: their files, their cards, and backends by name."""
