"""Which spellings a tenant has said are one machine; applied when records are opened, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.workspace import Workspace

KIND = "machines"


def names_in_force(workspace: Workspace) -> tuple[str, Mapping[str, str]]:
    """Return the id of what was said and the name of each spelling; "" and nothing where nobody said anything."""
    kept = workspace.latest(KIND, slot=KIND)
    if kept is None:
        return "", {}
    names: Mapping[str, str] = workspace.get(KIND, kept.id)["names"]
    return (kept.id, names) if names else ("", {})


def with_names(columns: Mapping[str, NDArray[Any]], names: Mapping[str, str]) -> Mapping[str, NDArray[Any]]:
    """Return the columns with every spelling of a machine as its one name."""
    station = columns.get("station")
    if not names or station is None:
        return columns
    texts = station.tolist()
    if names.keys().isdisjoint(set(texts)):
        return columns
    return {**columns, "station": np.array([names.get(text, text) for text in texts], dtype=object)}
