"""From a released number back to the column of a file: edges, the way back, and OpenLineage JSON."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from privacy.vault import PrivacyError

PRODUCER: Final = "https://mingsuan.example/lineage/1"
_RUN_EVENT: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_COLUMN_FACET: Final = (
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
)
_RUNS: Final = uuid.UUID("6b1f7a2e-6f0d-5c0c-9d0e-0c6d696e6773")  # name space of the run ids made here


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Node:
    """A field of something stored: kind/id and the field's name (a file column, a parameter, a figure)."""

    kind: str  # file, dataset, line, scenario, result, case, assessment, disclosure
    id: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`output` was computed from `inputs` by a job."""

    inputs: tuple[Node, ...]
    output: Node
    job: str  # action name
    version: str  # of engine, pack or formula
    kind: Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION"] = "TRANSFORMATION"
    masking: bool = False  # were values coarsened on the way?
    override: str = ""  # a person's reason where the value was set by hand; the computed one stays among the inputs


def trace_back(edges: Sequence[Edge], node: Node) -> tuple[Edge, ...]:
    """Every edge that leads to a node, nearest first.

    `PrivacyError` (lineage_circle) where a number would rest on itself.
    """
    by_output: dict[Node, list[Edge]] = {}
    for edge in edges:
        by_output.setdefault(edge.output, []).append(edge)
    _refuse_circles(by_output)
    found: list[Edge] = []
    seen = {node}
    front = [node]
    while front:
        step = [edge for reached in front for edge in by_output.get(reached, [])]
        found += step
        front = []
        for edge in step:
            for source in edge.inputs:
                if source not in seen:
                    seen.add(source)
                    front.append(source)
    return tuple(found)


def sources(edges: Sequence[Edge], node: Node) -> tuple[Node, ...]:
    """The nodes at the far end: file columns and typed values that a number rests on, sorted."""
    way = trace_back(edges, node)
    made = {edge.output for edge in way}
    return tuple(sorted({source for edge in way for source in edge.inputs} - made))


def open_lineage(edges: Sequence[Edge], *, namespace: str, run: str, at: datetime) -> list[dict[str, object]]:
    """OpenLineage run events (specification 2-0-2, column lineage facet 1-2-0), one for each job and version.

    Run ids are UUIDs made from `run` and the job, so the same lineage gives the same document.
    """
    jobs: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        jobs.setdefault((edge.job, edge.version), []).append(edge)
    return [
        {
            "eventType": "COMPLETE",
            "eventTime": at.astimezone(UTC).isoformat(),
            "producer": PRODUCER,
            "schemaURL": _RUN_EVENT,
            "run": {"runId": str(uuid.uuid5(_RUNS, f"{run}/{job}/{version}"))},
            "job": {"namespace": namespace, "name": f"{job}@{version}"},
            "inputs": [
                {"namespace": namespace, "name": name}
                for name in _datasets(source for edge in done for source in edge.inputs)
            ],
            "outputs": [_output(namespace, name, done) for name in _datasets(edge.output for edge in done)],
        }
        for (job, version), done in sorted(jobs.items())
    ]


def _output(namespace: str, name: str, done: Sequence[Edge]) -> dict[str, object]:
    fields = {
        edge.output.field: {
            "inputFields": [
                {
                    "namespace": namespace,
                    "name": _dataset(source),
                    "field": source.field,
                    "transformations": [
                        {
                            "type": "DIRECT",
                            "subtype": edge.kind,
                            "description": edge.override and f"override: {edge.override}",
                            "masking": edge.masking,
                        }
                    ],
                }
                for source in edge.inputs
            ]
        }
        for edge in done
        if _dataset(edge.output) == name
    }
    facet = {"_producer": PRODUCER, "_schemaURL": _COLUMN_FACET, "fields": fields}
    return {"namespace": namespace, "name": name, "facets": {"columnLineage": facet}}


def _dataset(node: Node) -> str:
    return f"{node.kind}/{node.id}"


def _datasets(nodes: Iterable[Node]) -> list[str]:
    return sorted({_dataset(node) for node in nodes})


def _refuse_circles(by_output: dict[Node, list[Edge]]) -> None:
    """Take away what rests on nothing that is left; what remains at the end rests on itself."""
    rests_on = {output: {source for edge in made for source in edge.inputs} for output, made in by_output.items()}
    while rests_on:
        free = [output for output, inputs in rests_on.items() if not inputs & rests_on.keys()]
        if not free:
            circle = min(rests_on)
            raise PrivacyError(
                f"{_dataset(circle)} {circle.field} would rest on itself",
                code="lineage_circle",
                place=_dataset(circle),
                remedy="Compute the result again; if it stays, this is a fault of ours.",
            )
        for output in free:
            del rests_on[output]
