"""The network that tells a plate's region by its looks: training, measuring, export."""
