"""People and the outside world: pages, HTTP, command line, storage."""
