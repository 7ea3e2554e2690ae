"""What each call of the API does: one action, and the JSON that is made of its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from portal import actions_data, actions_links, actions_runs, actions_study
from portal.actions import missing
from portal.actions_push import Pushed, one_at_a_time, push_records
from portal.api_document import BASE, Call
from portal.api_rows import Rows, words_for
from portal.api_tokens import Caller
from portal.text import t
from portal.workspace import Workspace


class CallError(ValueError):
    """A call is refused before any action."""

    def __init__(self, code: str, *, status: int = 422, retry: float = 0.0, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.retry = retry
        self.more = more


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An answer: status, JSON body, and where to look next."""

    status: int
    body: Mapping[str, Any]
    location: str = ""


@dataclass(slots=True, kw_only=True)
class Asked:
    """A call on its way: who calls, with which values, and what came in its body."""

    call: Call
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, Any]
    media: str = ""
    body: Any = None  # JSON, bytes of a file, or rows
    name: str = ""
    key: str = ""  # digest of account and Idempotency-Key, "" without one
    digest: str = ""  # of everything that makes the call


Act = Callable[[Workspace], Any]
Shape = Callable[[Any], Done]


def _push_stops(asked: Asked) -> tuple[Act, Shape]:
    return _push("stops", asked)


def _push_counts(asked: Asked) -> tuple[Act, Shape]:
    return _push("counts", asked)


def _push(kind: str, asked: Asked) -> tuple[Act, Shape]:
    rows: Rows = asked.body
    problems = words_for(rows.problems, t)
    if not rows.accepted:
        raise CallError("no_row_taken", rejected=rows.rejected, problems=problems)
    columns, dropped = rows.columns()
    zone = _zone(asked)

    def act(workspace: Workspace) -> Pushed:
        source = asked.query.get("source", "")
        with one_at_a_time(workspace.tenant, kind, source):
            return push_records(
                workspace,
                kind=kind,
                columns=columns,
                dropped=dropped,
                source=source,
                timezone=zone,
                replace=asked.query.get("replace", False),
            )

    def shape(pushed: Pushed) -> Done:
        body = {
            "dataset": pushed.dataset,
            "rows": pushed.rows,
            "accepted": rows.accepted,
            "rejected": rows.rejected,
            "problems": problems,
            "dropped": [{"field": name, "reason": why} for name, why in sorted(dropped.items())],
            "findings": pushed.findings,
        }
        return Done(status=201, body=body, location=f"{BASE}/datasets/{pushed.dataset}")

    return act, shape


def _upload_file(asked: Asked) -> tuple[Act, Shape]:
    name = Path(asked.name.replace("\\", "/")).name[:200] or "upload"
    return (
        lambda workspace: actions_data.stage_upload(workspace, asked.body, name=name),
        lambda upload: Done(status=201, body={"upload": upload}, location=f"{BASE}/uploads/{upload}"),
    )


def _list_uploads(asked: Asked) -> tuple[Act, Shape]:
    del asked
    return actions_data.uploads, lambda found: Done(
        status=200, body={"uploads": [_plain(asdict(one)) for one in found]}
    )


def _read_upload(asked: Asked) -> tuple[Act, Shape]:
    zone = _zone(asked)

    def act(workspace: Workspace) -> Mapping[str, Any]:
        return actions_data.read_upload(
            workspace,
            asked.path["upload"],
            kind=asked.query.get("kind"),
            timezone=zone,
            date_order=asked.query.get("date_order"),
        )

    return act, lambda reading: Done(status=200, body=_reading(reading))


def _confirm_upload(asked: Asked) -> tuple[Act, Shape]:
    wish, upload = asked.body, asked.path["upload"]
    zone = _zone(asked, wish.get("timezone"))

    def act(workspace: Workspace) -> actions_data.DatasetView:
        kind, order = wish.get("kind"), wish.get("date_order")
        table = wish.get("table", 0)
        mapping = wish.get("mapping")
        if mapping is None:
            reading = actions_data.read_upload(workspace, upload, kind=kind, timezone=zone, date_order=order)
            tables = reading["tables"]
            columns = tables[table]["columns"] if table < len(tables) else ()
            mapping = {one["header"]: one["field"] for one in columns if one["field"]}
        return actions_data.upload_dataset(
            workspace, upload, mapping=mapping, kind=kind, table=table, timezone=zone, date_order=order,
            keep_upload=wish.get("keep_upload", False),
        )  # fmt: skip

    return act, lambda view: Done(status=201, body=_dataset(view), location=f"{BASE}/datasets/{view.id}")


def _list_datasets(asked: Asked) -> tuple[Act, Shape]:
    del asked
    return actions_data.datasets, lambda found: Done(status=200, body={"datasets": [_dataset(one) for one in found]})


def _show_dataset(asked: Asked) -> tuple[Act, Shape]:
    def shape(found: Any) -> Done:
        wanted = [one for one in found if one.id == asked.path["dataset"]]
        if not wanted:
            raise missing("dataset")
        return Done(status=200, body=_dataset(wanted[0]))

    return actions_data.datasets, shape


def _list_scenarios(asked: Asked) -> tuple[Act, Shape]:
    del asked
    names = ("id", "name", "claims", "created_at")
    return actions_study.scenarios, lambda found: Done(
        status=200, body={"scenarios": [_plain({name: getattr(one, name) for name in names}) for one in found]}
    )


def _start_study(asked: Asked) -> tuple[Act, Shape]:
    wish = asked.body

    def act(workspace: Workspace) -> str:
        return actions_runs.run_study(
            workspace,
            scenarios=wish.get("scenarios", ()),
            months=int(wish.get("months", 36)),
            draws=int(wish.get("draws", 0)),
            seed=int(wish.get("seed", 1)),
        )

    return act, lambda run: Done(status=202, body={"study": run, "state": "queued"}, location=f"{BASE}/studies/{run}")


def _follow_study(asked: Asked) -> tuple[Act, Shape]:
    return partial(_status, run=asked.path["study"]), lambda status: Done(
        status=200,
        body=_plain(
            {
                "study": status.id,
                **{
                    name: getattr(status, name)
                    for name in ("state", "progress", "stage", "seconds_left", "error", "created_at", "finished_at")
                },
            }
        ),
    )


def _cancel_study(asked: Asked) -> tuple[Act, Shape]:
    run = asked.path["study"]

    def act(workspace: Workspace) -> None:
        actions_runs.cancel_run(workspace, run)

    return act, lambda _: Done(status=202, body={"study": run}, location=f"{BASE}/studies/{run}")


def _study_result(asked: Asked) -> tuple[Act, Shape]:
    def act(workspace: Workspace) -> Mapping[str, Any] | None:
        status = _status(workspace, run=asked.path["study"])
        if not status.result:
            raise CallError("not_finished", status=409, state=status.state)
        return actions_runs.result(workspace, status.result)

    return act, lambda found: Done(status=200, body=found)


def _read_disclosures(asked: Asked) -> tuple[Act, Shape]:
    del asked
    return actions_links.sales_feed, lambda found: Done(
        status=200, body={"disclosures": [_plain(asdict(one)) for one in found]}
    )


ACTS: Mapping[str, Callable[[Asked], tuple[Act, Shape]]] = {
    "push_stops": _push_stops,
    "push_counts": _push_counts,
    "upload_file": _upload_file,
    "list_uploads": _list_uploads,
    "read_upload": _read_upload,
    "confirm_upload": _confirm_upload,
    "list_datasets": _list_datasets,
    "show_dataset": _show_dataset,
    "list_scenarios": _list_scenarios,
    "start_study": _start_study,
    "follow_study": _follow_study,
    "cancel_study": _cancel_study,
    "study_result": _study_result,
    "read_disclosures": _read_disclosures,
}
"""By the name of the call."""


# --- pieces ---


def _status(workspace: Workspace, *, run: str) -> actions_runs.RunStatus:
    found = actions_runs.run_status(workspace, run)
    if found is None or found.kind != "study":
        raise missing("run")
    return found


def _zone(asked: Asked, name: str | None = None) -> str:
    """Return the time zone that was asked for; it must be one that there is."""
    zone = name or str(asked.query.get("timezone", "UTC"))
    if zone not in _zones():
        raise CallError("bad_call", problems=[{"place": "timezone", "code": "unknown"}])
    return zone


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _dataset(view: actions_data.DatasetView) -> dict[str, Any]:
    found = _plain({name: getattr(view, name) for name in view.__dataclass_fields__ if name != "author"})
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _reading(reading: Mapping[str, Any]) -> dict[str, Any]:
    """What a reading says of a file, as `mingsuan read --json` prints it: without cells."""
    columns = ("header", "field", "unit", "confidence")
    tables = [
        {
            **{name: table[name] for name in ("name", "page_or_sheet", "kind", "facts")},
            "columns": [{name: one[name] for name in columns} for one in table["columns"]],
        }
        for table in reading["tables"]
    ]
    return {**{name: reading[name] for name in ("file", "sha256", "facts", "findings")}, "tables": tables}
