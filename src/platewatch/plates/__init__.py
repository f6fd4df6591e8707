"""The text of plates, without pixels: the key by which plates are compared, patterns, look-alikes and region codes."""
