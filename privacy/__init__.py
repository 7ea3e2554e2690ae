"""What may be seen, by whom, and the proof."""
