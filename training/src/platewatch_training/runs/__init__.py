"""What the training of every network shares: configurations, the loop, checkpoints, origins, and the way to ONNX."""
