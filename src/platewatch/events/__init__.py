"""What happened, as an event stream, a WebSocket and a list."""
