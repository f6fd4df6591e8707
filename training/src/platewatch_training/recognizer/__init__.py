"""The recognizer: network, training, evaluation, export."""
