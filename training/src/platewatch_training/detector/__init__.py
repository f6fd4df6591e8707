"""The network that finds plates: its data, training, evaluation, mining and export."""
