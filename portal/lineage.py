"""Where a number comes from: edges from files and their columns over lines, studies and cases to a released band.

Everything is read from what the records say they were made of; nothing is computed again. Nodes name kinds, ids, files
and columns, never values; the exported document is the tenant's own and no release can hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.cases import case_of, simulated_in, typed_inputs
from portal.catalogue import calculator, packs
from portal.workspace import Workspace
from privacy.bands import GRID_VERSION
from privacy.lineage import Edge, Node
from simulators.replications import ENGINE_VERSION

CASE: Mapping[str, str] = {
    "npv_low": "npv",
    "npv_likely": "npv",
    "npv_high": "npv",
    "payback": "payback",
    "irr": "irr",
    "loss_probability": "npv",
}
"""Fields of the release schema that the case has, and the output each is read from."""

RESULT = ("oee_baseline", "oee_uplift")
MEASURED = ("main_loss", "weeks_of_data")


def lineage_edges(workspace: Workspace, field: str, record: str) -> tuple[tuple[Edge, ...], Node]:
    """Return every edge that leads to a field of a scenario, and the node that the field itself is.

    Raises what `portal.cases.simulated_in` raises.
    """
    summary, simulated = simulated_in(workspace, record, claims=False)
    newest = workspace.latest("summary", slot="result")
    assert newest is not None
    study = workspace.get("study", summary["study"])
    edges: list[Edge] = []
    if field in MEASURED:
        node = _baseline(workspace, edges, field)
    elif field == "backtest_grade":
        node = _back_test(workspace, edges)
    else:
        planned = "" if field == "oee_baseline" else simulated["record"]  # the baseline knows no module
        result = _result(workspace, edges, newest.id, study, planned)
        node = result
        if field in CASE:
            node = _case(workspace, edges, field, simulated["record"], result)
    return tuple(edges), node


def released_edge(node: Node, release: str, field: str, policy: str) -> Edge:
    """Return the last step of a released number: the band of a public grid, under a policy."""
    return Edge(
        inputs=(node,),
        output=Node(kind="disclosure", id=release, field=field),
        job="disclose",
        version=f"{policy}+{GRID_VERSION}",
        masking=True,
    )


def _case(workspace: Workspace, edges: list[Edge], field: str, record: str, result: Node) -> Node:
    case = case_of(workspace, record, claims=False)
    stored, typed = typed_inputs(workspace)
    sources = [result, Node(kind="scenario", id=record, field="prices")]
    for name, one in sorted(typed.items()):
        output = Node(kind="inputs", id="typed" if stored is None else stored.id, field=name)
        before = Node(kind="default", id=f"{calculator().id}@{calculator().version}", field=name)
        edges.append(
            Edge(
                inputs=(before,),
                output=output,
                job="set_inputs",
                version="1",
                kind="IDENTITY",
                override=str(one["reason"]) or "–",
            )
        )
        sources.append(output)
    node = Node(kind="case", id=str(case["id"]), field=CASE[field])
    edges.append(
        Edge(inputs=tuple(sources), output=node, job="appraise", version=f"{calculator().id}@{calculator().version}")
    )
    return node


def _result(workspace: Workspace, edges: list[Edge], summary: str, study: Mapping[str, Any], record: str) -> Node:
    line = _line(workspace, edges, study["line"])
    node = Node(kind="summary", id=summary, field="oee")
    version = f"engine@{ENGINE_VERSION}"
    if not record:
        edges.append(Edge(inputs=(line,), output=node, job="run_study", version=version, kind="AGGREGATION"))
        return node
    scenario = workspace.get("scenario", record)
    effects = Node(kind="scenario", id=record, field="effects")
    versions = {pack.manifest.id: pack.manifest.version for pack in packs()}
    for wish in scenario["modules"]:
        pack, _, module = str(wish["id"]).partition("/")
        source = Node(kind="pack", id=f"{pack}@{versions.get(pack, '?')}", field=module)
        changed = bool(wish.get("effects") or wish.get("prices") or wish.get("start") or wish.get("t90"))
        edges.append(
            Edge(
                inputs=(source,),
                output=effects,
                job="plan_scenario",
                version=f"{pack}@{versions.get(pack, '?')}",
                override=(str(wish.get("reason", "")) or "–") if changed else "",
            )
        )
    edges.append(Edge(inputs=(line, effects), output=node, job="run_study", version=version, kind="AGGREGATION"))
    return node


def _line(workspace: Workspace, edges: list[Edge], line: str) -> Node:
    kept = workspace.get("line", line)
    node = Node(kind="line", id=line, field="line")
    sources = _datasets(workspace, edges, workspace.stored("line", line).inputs)
    source = str(kept.get("source", ""))
    if sources:
        edges.append(Edge(inputs=sources, output=node, job="fit_line", version=f"engine@{ENGINE_VERSION}"))
    elif source:
        edges.append(
            Edge(inputs=(Node(kind="template", id=source, field="line"),), output=node, job="save_line", version="1")
        )
    return node


def _baseline(workspace: Workspace, edges: list[Edge], field: str) -> Node:
    kept = workspace.latest("baseline")
    node = Node(kind="baseline", id="" if kept is None else kept.id, field=field)
    if kept is not None:
        sources = _datasets(workspace, edges, kept.inputs)
        version = f"engine@{ENGINE_VERSION}"
        edges.append(Edge(inputs=sources, output=node, job="baseline", version=version, kind="AGGREGATION"))
    return node


def _back_test(workspace: Workspace, edges: list[Edge]) -> Node:
    kept = workspace.latest("back_test")
    node = Node(kind="back_test", id="" if kept is None else kept.id, field="grade")
    if kept is not None:
        line = _line(workspace, edges, workspace.get("back_test", kept.id)["line"])
        edges.append(Edge(inputs=(line,), output=node, job="keep_back_test", version=f"engine@{ENGINE_VERSION}"))
    return node


def _datasets(workspace: Workspace, edges: list[Edge], inputs: Sequence[str]) -> tuple[Node, ...]:
    """Return the columns of the datasets among some inputs, each led back to the column of its file."""
    known = {stored.id for stored in workspace.list("dataset")}
    found = []
    for key in inputs:
        if key not in known:
            continue
        about = workspace.get("dataset", key)
        for column in about["columns"]:
            if column["field"] == "row":
                continue
            node = Node(kind="dataset", id=key, field=column["field"])
            file = Node(kind="file", id=str(about["name"]), field=str(column["header"]))
            edges.append(Edge(inputs=(file,), output=node, job="upload_dataset", version="1", kind="IDENTITY"))
            found.append(node)
    return tuple(found)
