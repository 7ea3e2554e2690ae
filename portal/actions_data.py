"""Actions on uploads and datasets: from a file to checked, sealed columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from industry_packs.pack import Pack
from portal.actions import EDITORS, READERS, ActionError, action
from portal.catalogue import packs
from portal.materials import checked, datasets_in_force, in_force_ids
from portal.remembered import REMEMBERED, proposed, remember
from portal.workspace import Stored, Workspace
from templates.files import open_tables
from templates.limited import Taken, read_limited, take_limited
from templates.mapping import understand
from templates.quality import quality_of
from templates.tables import Caps

PREVIEW_ROWS = 10
MOST_FINDINGS = 500
MOST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """A staged file that waits for its mapping to be confirmed. `name` is shown to the tenant only."""

    id: str
    name: str
    bytes: int
    staged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """One checked, immutable table. `kind` is stops, runs, counts, equipment, …; `findings` as in the JSON of `read`.

    `in_force`: the baseline rests on it (the newest of its kind; samples only where there is nothing else).
    """

    id: str
    kind: str
    name: str
    rows: int
    columns: tuple[Mapping[str, Any], ...]  # field, header, unit
    dropped: tuple[str, ...]  # headers that were not mapped and therefore never stored
    findings: tuple[Mapping[str, Any], ...]
    facts: Mapping[str, Any]
    sample: bool
    in_force: bool
    created_at: datetime
    author: str
    quality: Mapping[str, Any]  # `templates.quality.Quality.to_json()`, empty for tables kept before it was measured
    fixes: tuple[Mapping[str, Any], ...] = ()  # what was corrected with one click: fix, rows, at


@action(needs=EDITORS, purpose="baseline")
def stage_upload(workspace: Workspace, data: bytes, *, name: str) -> str:
    """Keep an uploaded file sealed until its mapping is confirmed; returns the upload's id.

    Raises ActionError file_empty, file_too_large.
    """
    return _stage(workspace, data, name)


@action(needs=EDITORS, purpose="baseline")
def paste_rows(workspace: Workspace, text: str, *, name: str = "") -> str:
    """Stage rows pasted from a spreadsheet (tab, comma or semicolon separated); returns the upload's id."""
    return _stage(workspace, text.strip("\r\n").encode(), name or "paste.csv")


@action(needs=EDITORS, purpose="baseline")
def read_upload(
    workspace: Workspace,
    upload: str,
    *,
    kind: str | None = None,
    timezone: str = "UTC",
    date_order: str | None = None,
    password: str | None = None,
    sheet: str | None = None,
) -> Mapping[str, Any]:
    """Say what is understood of a staged file: the JSON of `read` (contract section 2) with a preview of ten rows.

    The file is opened in a limited process, once for each question; what was understood stays sealed until the mapping
    is confirmed. A table whose header was confirmed before carries `remembered`, and is proposed as it was then; a
    column that only a pack's upload template knows is proposed from it. Unreadable files raise
    `templates.tables.FileRefused`.
    """
    meta = workspace.get("upload", upload)
    question = json.dumps([upload, kind, timezone, date_order, sheet])
    known = workspace.latest("reading", slot=question)
    if known is not None:
        reading: Mapping[str, Any] = workspace.get("reading", known.id)
        return proposed(workspace, reading)
    understood = read_limited(
        workspace.get("file", meta["file"]),
        meta["name"],
        kind=kind,
        timezone=timezone,
        date_order=date_order,
        password=password,
        sheet=sheet,
        preview_rows=PREVIEW_ROWS,
    )
    workspace.put("reading", understood, slot=question, inputs=(upload,), replace=True)
    return proposed(workspace, understood)


@action(needs=EDITORS, purpose="baseline")
def upload_dataset(
    workspace: Workspace,
    upload: str,
    *,
    mapping: Mapping[str, str],
    kind: str | None = None,
    table: int = 0,
    timezone: str = "UTC",
    date_order: str | None = None,
    units: Mapping[str, str] | None = None,
    password: str | None = None,
    sheet: str | None = None,
    keep_upload: bool = False,
) -> DatasetView:
    """Keep the mapped columns of a staged file as a dataset and erase the file.

    `mapping`: header -> field, confirmed by a person ("" drops a column); headers that are not named in it are never
    stored. `keep_upload`: further tables of the same file are still to be confirmed.
    Raises ActionError kind_unknown, nothing_mapped, no_rows.
    """
    meta = workspace.get("upload", upload)
    taken = take_limited(
        workspace.get("file", meta["file"]),
        meta["name"],
        table=table,
        mapping=mapping,
        kind=kind,
        timezone=timezone,
        date_order=date_order,
        units=units,
        password=password,
        sheet=sheet,
    )
    key, about = _keep(workspace, taken, mapping, name=meta["name"], timezone=timezone, sample=False, inputs=(upload,))
    if mapping:
        remember(workspace, taken, mapping, timezone=timezone, date_order=date_order, units=units)
    if not keep_upload:
        _discard(workspace, upload)
    return _view(about, workspace, key)


@action(needs=EDITORS, purpose="baseline")
def discard_upload(workspace: Workspace, upload: str) -> None:
    """Erase a staged file."""
    workspace.get("upload", upload)
    _discard(workspace, upload)


@action(needs=EDITORS, purpose="baseline")
def forget_mapping(workspace: Workspace, template: str) -> None:
    """Erase what was remembered of how a file's columns were confirmed."""
    workspace.remove(REMEMBERED, template)


@action(needs=EDITORS, purpose="baseline")
def load_sample(workspace: Workspace, *, pack: str = "") -> tuple[DatasetView, ...]:
    """Keep the labelled sample data of a pack (default: the first that has some) as datasets of this workspace.

    Machines are named in the member's language where the pack has both.
    """
    views = []
    for name, data, kind in _samples(pack, workspace.member.language):
        taken = _taken(data, name, kind)
        key, about = _keep(
            workspace, taken, {}, name=name, timezone=SAMPLE_TIMEZONE, sample=True, inputs=(), slot=f"sample/{name}"
        )
        views.append(_view(about, workspace, key))
    return tuple(views)


@action(needs=EDITORS, purpose="baseline")
def remove_dataset(workspace: Workspace, dataset: str) -> None:
    """Erase a dataset; what was computed from it stays until it is computed again."""
    workspace.remove("dataset", dataset)


@action(needs=READERS, purpose="baseline")
def uploads(workspace: Workspace) -> Sequence[UploadView]:
    """List the staged files that wait for confirmation, newest first."""
    views = []
    for stored in workspace.list("upload"):
        meta = workspace.get("upload", stored.id)
        views.append(UploadView(id=stored.id, name=meta["name"], bytes=meta["bytes"], staged_at=stored.created_at))
    return views


@action(needs=READERS, purpose="baseline")
def datasets(workspace: Workspace) -> Sequence[DatasetView]:
    """List the datasets, newest first."""
    in_force = in_force_ids(datasets_in_force(workspace))
    return [
        _view(workspace.get("dataset", stored.id), workspace, stored.id, stored, in_force=stored.id in in_force)
        for stored in workspace.list("dataset")
    ]


SAMPLE_TIMEZONE = "Asia/Shanghai"


def _stage(workspace: Workspace, data: bytes, name: str) -> str:
    if not data.strip():
        raise ActionError("the file is empty", code="file_empty", place=name, remedy="Choose a file with rows in it.")
    most = Caps().file_bytes
    if len(data) > most:
        raise ActionError(
            f"the file has {len(data) / 2**20:.0f} MB; at most {most / 2**20:.0f} MB are read",
            code="file_too_large",
            place=name,
            remedy="Export a shorter period, or save it as CSV.",
            size=round(len(data) / 2**20),
            most=round(most / 2**20),
        )
    file = workspace.put_bytes("file", data)
    meta = {"name": name[-MOST_NAME:], "bytes": len(data), "file": file}
    return workspace.put("upload", meta, inputs=(file,))


def _discard(workspace: Workspace, upload: str) -> None:
    meta = workspace.get("upload", upload)
    workspace.remove("file", meta["file"])
    for reading in workspace.list("reading"):
        if upload in reading.inputs:
            workspace.remove("reading", reading.id)
    workspace.remove("upload", upload)


def _keep(
    workspace: Workspace,
    taken: Taken,
    mapping: Mapping[str, str],
    *,
    name: str,
    timezone: str,
    sample: bool,
    inputs: Sequence[str],
    slot: str = "",
) -> tuple[str, Mapping[str, Any]]:
    if taken.kind is None:
        raise ActionError(
            "nobody has said what kind of table this is",
            code="kind_unknown",
            place=name,
            remedy="Choose whether it is a stop log, production runs or an equipment list.",
        )
    fields = [field for field in taken.columns if field != "row"]
    if not fields:
        raise ActionError(
            "no column of the table is mapped to a field",
            code="nothing_mapped",
            place=name,
            remedy="Say for at least one column what it holds.",
        )
    rows = len(taken.columns[fields[0]])
    if not rows:
        raise ActionError("the table has no rows", code="no_rows", place=name, remedy="Choose a table with rows in it.")
    findings: list[dict[str, Any]] = [dict(finding) for finding in taken.findings]
    findings += checked(taken.kind, taken.columns, known={(str(found["code"]), found.get("row")) for found in findings})
    headers = {field: header for header, field in {**taken.mapping, **mapping}.items() if field}
    about = {
        "kind": taken.kind,
        "name": name,
        "rows": rows,
        "columns": [
            {"field": field, "header": headers.get(field, field), "unit": taken.units.get(field, "")}
            for field in fields
        ],
        "dropped": [str(one.get("header", "")) for one in taken.dropped],
        "findings": findings[:MOST_FINDINGS],
        "facts": dict(taken.facts),
        "sample": sample,
        "timezone": timezone,
        "quality": quality_of(taken.kind, taken.columns, findings, copies=_copies(findings)).to_json(),
    }
    return workspace.put_table("dataset", taken.columns, about, inputs=inputs, slot=slot), about


def _copies(findings: Sequence[Mapping[str, Any]]) -> int:
    """How many rows of the file are copies, as its reading says: all its columns were compared there."""
    codes = {"duplicates", "too_many_duplicates"}
    return sum(int(one.get("params", {}).get("count", 0)) for one in findings if one["code"] in codes)


def _view(
    about: Mapping[str, Any], workspace: Workspace, key: str, stored: Stored | None = None, *, in_force: bool = True
) -> DatasetView:
    return DatasetView(
        id=key,
        kind=about["kind"],
        name=about["name"],
        rows=about["rows"],
        columns=tuple(about["columns"]),
        dropped=tuple(about["dropped"]),
        findings=tuple(about["findings"]),
        facts=about["facts"],
        sample=about["sample"],
        in_force=in_force,
        quality=about.get("quality", {}),
        fixes=tuple(about.get("fixes", ())),
        created_at=workspace.clock() if stored is None else stored.created_at,
        author=workspace.member.id if stored is None else stored.author,
    )


def _taken(data: bytes, name: str, kind: str) -> Taken:
    """Read a sample file here and now: it comes with a signed pack, so it needs no process of its own."""
    table = understand(open_tables(data, name), kind=kind, timezone=SAMPLE_TIMEZONE).tables[0]
    fields = {column.header: column.field for column in table.columns if column.field}
    return Taken(
        kind=table.kind,
        columns=table.apply(),
        mapping=fields,
        units={column.field: column.unit for column in table.columns if column.field},
        facts=table.facts,
        findings=tuple(finding.to_json() for finding in table.findings),
        dropped=tuple({"header": one.header, "reason": one.reason} for one in table.dropped),
    )


def _samples(pack: str, language: str) -> list[tuple[str, bytes, str]]:
    """Return name, bytes and kind of each sample file of a pack."""
    for candidate in packs():
        found = _samples_of(candidate, language)
        if found and pack in {"", candidate.manifest.id}:
            return found
    raise ActionError(
        "no installed pack brings sample data",
        code="no_sample",
        remedy="Install a pack with samples, or upload a file of your own.",
    )


def _samples_of(pack: Pack, language: str) -> list[tuple[str, bytes, str]]:
    """The samples with machines named in a language, where the pack has them twice."""
    found = []
    for template in pack.uploads.values():
        if template.sample:
            twin = template.sample.replace("_zh.", "_en.") if language == "en" else template.sample
            path = twin if twin in pack.files else template.sample
            found.append((path.rpartition("/")[2], pack.files[path], template.kind))
    return found
