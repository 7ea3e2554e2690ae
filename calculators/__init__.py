"""From numbers to answers, without simulation."""
