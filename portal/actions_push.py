"""The action of programs that push records: checked rows become the next version of a sealed dataset."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from portal.actions import EDITORS, ActionError, action
from portal.api_rows import after, facts_of
from portal.materials import checked
from portal.storage import Transaction
from portal.storage_ledger import lock_head
from portal.workspace import MissingError, Workspace
from privacy.vault import SealBroken
from templates.quality import quality_of

MOST_ROWS = 2_000_000
MOST_FINDINGS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The dataset that holds the rows now, and how many rows it has in all."""

    dataset: str
    rows: int
    findings: int


@action(needs=EDITORS, purpose="baseline")
def push_records(
    workspace: Workspace,
    *,
    kind: str,
    columns: Mapping[str, NDArray[Any]],
    dropped: Mapping[str, str],
    source: str = "",
    timezone: str = "UTC",
    replace: bool = False,
) -> Pushed:
    """Add checked rows (see `api_rows`) to the records of a source: a new version of its dataset replaces the one
    before; with `replace` it holds these rows alone.

    Raises ActionError too_many_records, push_crossed (another call for this source was quicker).
    """
    slot = f"push/{kind}/{source}"
    older = workspace.latest("dataset", slot=slot)
    before = {} if older is None or replace else _opened(workspace, older.id, source)
    table = after(columns, before)
    rows = len(table["row"])
    if rows > MOST_ROWS:
        raise ActionError(
            f"a source may hold {MOST_ROWS} rows",
            code="too_many_records",
            place=source,
            remedy="Send replace=true with the newest period, or another source.",
            most=MOST_ROWS,
        )
    findings = checked(kind, table)
    about = {
        "kind": kind,
        "name": source or "API",
        "rows": rows,
        "columns": [{"field": name, "header": name, "unit": _unit(name)} for name in table if name != "row"],
        "dropped": sorted(dropped),
        "findings": findings[:MOST_FINDINGS],
        "facts": facts_of(kind, table),
        "sample": False,
        "timezone": timezone,
        "quality": quality_of(kind, table, findings).to_json(),
    }
    workspace.then(lambda tx: _still(workspace, tx, slot, "" if older is None else older.id))
    key = workspace.put_table("dataset", table, about, slot=slot)
    return Pushed(dataset=key, rows=rows, findings=len(findings))


def _still(workspace: Workspace, tx: Transaction, slot: str, older: str) -> None:
    """Refuse to replace a version that these rows were not added to."""
    lock_head(tx)  # whoever writes takes this lock before the end, so nobody comes between the look and the commit
    workspace.tx = tx
    newest = workspace.latest("dataset", slot=slot)
    workspace.tx = None
    if ("" if newest is None else newest.id) != older:
        raise _crossed(slot)


def _opened(workspace: Workspace, dataset: str, source: str) -> Mapping[str, NDArray[Any]]:
    """Open the version before; another process may be replacing it at this moment."""
    try:
        return workspace.columns("dataset", dataset)
    except (MissingError, SealBroken, OSError) as error:
        raise _crossed(source) from error


def _crossed(place: str) -> ActionError:
    return ActionError(
        "another call for this source was quicker", code="push_crossed", place=place, remedy="Send it again."
    )


def _unit(field: str) -> str:
    return "s" if field.endswith("_s") else ""


_locks: weakref.WeakValueDictionary[tuple[str, str], threading.Lock] = weakref.WeakValueDictionary()
_guard = threading.Lock()


def one_at_a_time(tenant: str, kind: str, source: str) -> threading.Lock:
    """A lock under which the calls for one source in this process make their versions one after another."""
    with _guard:
        return _locks.setdefault((tenant, f"{kind}/{source}"), threading.Lock())
