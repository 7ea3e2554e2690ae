"""From records to key figures; all times in seconds."""
