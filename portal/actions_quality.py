"""Actions on the quality of records: how fit they are for a verdict, and corrections that can be taken back.

A correction makes a new dataset of the corrected rows; the one before stays sealed as it was and comes back into force
when the correction is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.actions import EDITORS, READERS, ActionError, action
from portal.api_rows import facts_of
from portal.materials import DatasetInForce, checked, datasets_in_force
from portal.workspace import MissingError, Workspace
from templates.quality import first_of_each, incomplete, quality_of

FIXES = ("drop_copies", "drop_incomplete", "swap_times")
DAY = 86_400.0
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuality:
    """The quality of one dataset in force. `age_days`: since its last record; `offers`: fix -> rows it would change;
    `fixed`: what was corrected already, the last of which can be undone."""

    dataset: str
    kind: str
    name: str
    sample: bool
    quality: Mapping[str, Any]
    age_days: float | None
    offers: Mapping[str, int]
    fixed: tuple[Mapping[str, Any], ...]


@action(needs=READERS, purpose="baseline")
def record_quality(workspace: Workspace) -> Sequence[RecordQuality]:
    """Return the quality of each dataset that counts, the worst first."""
    found = [_view(workspace, one) for one in datasets_in_force(workspace).values()]
    return sorted(found, key=lambda one: one.quality["score"])


@action(needs=EDITORS, purpose="baseline")
def fix_dataset(workspace: Workspace, dataset: str, *, fix: str) -> str:
    """Correct a dataset: `drop_copies`, `drop_incomplete` or `swap_times`; returns the id of the corrected one.

    The original stays sealed. Raises ActionError unknown_fix, nothing_to_fix.
    """
    if fix not in FIXES:
        raise ActionError(f"there is no fix {fix!r}", code="unknown_fix", place=fix, remedy="Choose one of the list.")
    about = workspace.get("dataset", dataset)
    columns = workspace.columns("dataset", dataset)
    corrected, changed = _FIXES[fix](about["kind"], columns)
    left = len(next(iter(corrected.values()), ()))
    if not changed or not left:
        raise ActionError(
            "there is nothing to correct like this", code="nothing_to_fix", place=fix, remedy="Look at the findings."
        )
    findings = checked(about["kind"], corrected)
    rows = {"rows": left}
    facts = {**facts_of(about["kind"], corrected), **rows} if "started_at" in corrected else {**about["facts"], **rows}
    fixed = [*about.get("fixes", ()), {"fix": fix, "rows": changed, "at": workspace.clock().isoformat()}]
    document = {
        **about,
        "rows": left,
        "findings": findings[:500],
        "facts": facts,
        "quality": quality_of(about["kind"], corrected, findings).to_json(),
        "fixes": fixed,
        "original": dataset,
    }
    return workspace.put_table("dataset", corrected, document, inputs=(dataset,))


@action(needs=EDITORS, purpose="baseline")
def undo_fix(workspace: Workspace, dataset: str) -> str:
    """Take the last correction back: the dataset before it counts again; returns its id.

    Raises ActionError nothing_to_undo.
    """
    about = workspace.get("dataset", dataset)
    original = about.get("original", "")
    try:
        if original:
            workspace.stored("dataset", original)
    except MissingError:
        original = ""
    if not original:
        raise ActionError(
            "there is no correction to take back", code="nothing_to_undo", remedy="The original was erased, or is this."
        )
    workspace.remove("dataset", dataset)
    return str(original)


def _view(workspace: Workspace, one: DatasetInForce) -> RecordQuality:
    kind, key = one.about["kind"], one.stored.id
    quality = one.about.get("quality")
    if quality is None:  # kept before quality was measured
        quality = quality_of(kind, workspace.columns("dataset", key), one.about["findings"]).to_json()
    last = quality["last"]
    age = None if last is None else max((workspace.clock().timestamp() - last) / DAY, 0.0)
    return RecordQuality(
        dataset=key,
        kind=kind,
        name=one.about["name"],
        sample=one.about["sample"],
        quality=quality,
        age_days=age,
        offers=_offers(workspace, one, quality),
        fixed=tuple(one.about.get("fixes", ())),
    )


def _offers(workspace: Workspace, one: DatasetInForce, quality: Mapping[str, Any]) -> dict[str, int]:
    """Say which corrections would change how many rows; the columns are opened only where something is wrong."""
    codes = {found["code"] for found in one.about["findings"]}
    wanted = [
        fix
        for fix, wrong in (
            ("drop_copies", quality["copies"] > 0),
            ("drop_incomplete", quality["blank"] > 0),
            ("swap_times", "log_end_before_start" in codes),
        )
        if wrong
    ]
    if not wanted:
        return {}
    columns = workspace.columns("dataset", one.stored.id)
    found = {fix: _FIXES[fix](one.about["kind"], columns)[1] for fix in wanted}
    return {fix: rows for fix, rows in found.items() if rows}


def _drop_copies(kind: str, columns: Columns) -> tuple[dict[str, NDArray[Any]], int]:
    del kind
    keep = first_of_each(columns)
    return {name: values[keep] for name, values in columns.items()}, _rows(columns) - len(keep)


def _drop_incomplete(kind: str, columns: Columns) -> tuple[dict[str, NDArray[Any]], int]:
    lacking = incomplete(kind, columns)
    return {name: values[~lacking] for name, values in columns.items()}, int(lacking.sum())


def _swap_times(kind: str, columns: Columns) -> tuple[dict[str, NDArray[Any]], int]:
    """Begin and end change places where the end lies before the beginning."""
    del kind
    if not {"started_at", "ended_at"} <= columns.keys():
        return dict(columns), 0
    start, end = columns["started_at"], columns["ended_at"]
    with np.errstate(invalid="ignore"):
        wrong = end < start
    corrected = {"started_at": np.where(wrong, end, start), "ended_at": np.where(wrong, start, end)}
    return {**columns, **corrected}, int(wrong.sum())


_FIXES = {"drop_copies": _drop_copies, "drop_incomplete": _drop_incomplete, "swap_times": _swap_times}


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))
