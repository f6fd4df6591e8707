"""What the server keeps up with: searches, recording, memory."""
