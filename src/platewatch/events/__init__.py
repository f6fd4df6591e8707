"""Events over HTTP: an event stream, a WebSocket and a list."""
