"""One thin file a page: open values, draw, call one action."""
