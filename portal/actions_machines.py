"""Actions on the machines of a plant: which stand in which file, and which spellings are one machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from portal.actions import EDITORS, READERS, ActionError, action
from portal.machine_names import KIND
from portal.materials import datasets_in_force, in_force_ids
from portal.workspace import Workspace
from templates.names import clusters, key_of

MOST_NAMES = 2000
MOST_PROPOSALS = 12
ALIKE = 72.0
"""How alike two names of different files must be to be asked about, of 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine of the plant: its rows by kind of file, and the spellings that were joined to it."""

    name: str
    rows: Mapping[str, int]
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`other` may be the same machine as `name`; `sure`: they differ in case, blanks, dashes or zeros only."""

    name: str
    other: str
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """The machines of all files in force. `kinds`: the kinds of file that name machines, the widest known first."""

    kinds: tuple[str, ...]
    machines: tuple[Machine, ...]
    proposals: tuple[Proposal, ...]


@action(needs=READERS, purpose="baseline")
def plant_machines(workspace: Workspace) -> Plant:
    """Return which machine stands in which file, and which names may be one; counted once for a set of files."""
    in_force = datasets_in_force(workspace)
    counting = in_force_ids(in_force)
    chosen = {kind: one for kind, one in in_force.items() if one.stored.id in counting and _names_machines(one.about)}
    said, names, apart = _said(workspace)
    wanted = (*(one.stored.id for one in chosen.values()), *([said] if said else []))
    kept = workspace.latest("plant", slot="plant")
    if kept is not None and kept.inputs == wanted:
        return _plant(workspace.get("plant", kept.id))
    counts = {
        kind: Counter(workspace.columns("dataset", one.stored.id, ["station"])["station"].tolist())
        for kind, one in chosen.items()
    }
    document = _document(counts, names, apart)
    if wanted:
        workspace.put("plant", document, slot="plant", inputs=wanted, replace=True)
    return _plant(document)


@action(needs=EDITORS, purpose="baseline")
def join_machines(workspace: Workspace, *, name: str, other: str) -> None:
    """Say that `other` is another spelling of `name`: from now on both count as one. Nothing stored is changed."""
    _, names, apart = _said(workspace)
    target = names.get(name, name)
    if not name or not other or target == other:
        raise ActionError("choose two names", code="two_names", remedy="Choose a machine and another spelling of it.")
    joined = {spelling: (target if kept == other else kept) for spelling, kept in names.items()}
    _keep(workspace, {**joined, other: target}, [pair for pair in apart if set(pair) != {name, other}])


@action(needs=EDITORS, purpose="baseline")
def part_machines(workspace: Workspace, *, name: str, other: str) -> None:
    """Say that two names are two machines: takes a joining back, and does not ask about them again."""
    _, names, apart = _said(workspace)
    parted = {spelling: kept for spelling, kept in names.items() if not (spelling == other and kept == name)}
    _keep(workspace, parted, [*(pair for pair in apart if set(pair) != {name, other}), [name, other]])


def _names_machines(about: Mapping[str, Any]) -> bool:
    return any(column["field"] == "station" for column in about["columns"])


def _said(workspace: Workspace) -> tuple[str, dict[str, str], list[list[str]]]:
    kept = workspace.latest(KIND, slot=KIND)
    if kept is None:
        return "", {}, []
    said = workspace.get(KIND, kept.id)
    return kept.id, dict(said["names"]), [list(pair) for pair in said["apart"]]


def _keep(workspace: Workspace, names: Mapping[str, str], apart: Sequence[Sequence[str]]) -> None:
    said = {"names": dict(list(names.items())[-MOST_NAMES:]), "apart": [list(pair) for pair in apart[-MOST_NAMES:]]}
    workspace.put(KIND, said, slot=KIND, replace=True)


def _document(
    counts: Mapping[str, Counter[str]], names: Mapping[str, str], apart: Sequence[Sequence[str]]
) -> dict[str, Any]:
    rows: dict[str, dict[str, int]] = {}
    for kind, found in counts.items():
        for spelling, count in found.most_common(MOST_NAMES):
            if spelling:
                machine = rows.setdefault(names.get(spelling, spelling), {})
                machine[kind] = machine.get(kind, 0) + count
    order = sorted(counts, key=lambda kind: (kind != "equipment", -sum(kind in found for found in rows.values())))
    spellings: dict[str, list[str]] = {}
    for spelling, name in names.items():
        spellings.setdefault(name, []).append(spelling)
    parted = {frozenset(pair) for pair in apart}
    proposals = [one for one in _proposals(rows) if frozenset(one[:2]) not in parted]
    return {
        "kinds": order,
        "machines": [[name, found, spellings.get(name, [])] for name, found in rows.items()],
        "proposals": proposals[:MOST_PROPOSALS],
    }


def _proposals(rows: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str, bool]]:
    """Names that are spelt nearly alike, then names that stand in different files only and sound alike."""
    if len(rows) > MOST_NAMES:
        return []
    totals = {name: sum(found.values()) for name, found in rows.items()}
    found = [(one.name, other, one.sure) for one in clusters(totals) for other in one.others]
    taken = {name for pair in found for name in pair[:2]}
    lone = [name for name in rows if name not in taken]
    pairs: list[tuple[float, str, str]] = []
    for place, name in enumerate(lone):
        for other in lone[place + 1 :]:
            if rows[name].keys() & rows[other].keys() or not _same_numbers(name, other):
                continue
            alike = fuzz.WRatio(key_of(name), key_of(other))
            if alike >= ALIKE:
                first, second = (name, other) if "equipment" in rows[name] else (other, name)
                pairs.append((alike, first, second))
    for _, name, other in sorted(pairs, reverse=True):
        if not {name, other} & taken:
            found.append((name, other, False))
            taken |= {name, other}
    return found


def _same_numbers(name: str, other: str) -> bool:
    """Names whose digits differ are different machines, however alike they look."""
    return [sign for sign in key_of(name) if sign.isdigit()] == [sign for sign in key_of(other) if sign.isdigit()]


def _plant(document: Mapping[str, Any]) -> Plant:
    return Plant(
        kinds=tuple(document["kinds"]),
        machines=tuple(
            Machine(name=name, rows=rows, spellings=tuple(spellings)) for name, rows, spellings in document["machines"]
        ),
        proposals=tuple(Proposal(name=name, other=other, sure=sure) for name, other, sure in document["proposals"]),
    )
