"""Calculator documents (`mingsuan: calculator/1`): YAML to `Calculator`, and the general ones that are shipped."""

from __future__ import annotations

from pathlib import Path

from calculators.calculator import Calculator


def read_calculator(text: str, *, name: str) -> Calculator:
    """The calculator that a document describes, checked and ready to evaluate.

    Raises DocumentError with the line and path of the first thing that is wrong.
    """
    raise RuntimeError("being written")


def shipped_calculators() -> dict[str, Path]:
    """Id to file of the general calculators under templates/calculators: `module_roi`, `downtime_cost`, ..."""
    raise RuntimeError("being written")


def shipped_calculator(identity: str) -> Calculator:
    """A shipped calculator by its id."""
    raise RuntimeError("being written")
