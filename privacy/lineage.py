"""From a released number back to the column of a file: edges, their drawing order, and OpenLineage JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A field of something stored: kind/id and the field's name (a file column, a parameter, a figure)."""

    kind: str  # file, dataset, line, scenario, result, case, assessment, disclosure
    id: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`output` was computed from `inputs` by a job; `masking` where values were coarsened on the way."""

    inputs: tuple[Node, ...]
    output: Node
    job: str  # action name
    version: str  # of engine, pack or formula
    kind: str = "TRANSFORMATION"  # IDENTITY, TRANSFORMATION, AGGREGATION
    masking: bool = False
    override: str = ""  # a person's override: reason


def trace_back(edges: Sequence[Edge], node: Node) -> tuple[Edge, ...]:
    """Every edge that leads to a node, nearest first."""
    raise RuntimeError("being written")


def open_lineage(edges: Sequence[Edge], *, namespace: str, run: str, at: datetime) -> list[dict[str, object]]:
    """OpenLineage run events (spec 2-0-2, column lineage facet 1-2-0), one for each job."""
    raise RuntimeError("being written")
