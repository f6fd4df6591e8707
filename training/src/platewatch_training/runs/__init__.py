"""Shared parts of every training: configurations, the loop, checkpoints, origins, and the export to ONNX."""
