"""The states of a machine."""

from __future__ import annotations

#: In the order of ``RunFigures.states``.
STATES = ("working", "starved", "blocked", "down", "setup", "off")
WORKING, STARVED, BLOCKED, DOWN, SETUP, OFF = range(len(STATES))
