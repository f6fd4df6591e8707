"""The network that classifies a plate's region by its looks: training, measuring, export."""
