"""Actions on uploads and datasets: from a file to checked, sealed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import EDITORS, READERS, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """A staged file that waits for its mapping to be confirmed. `name` is shown to the tenant only."""

    id: str
    name: str
    bytes: int
    staged_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """One checked, immutable table. `kind` is stops, runs, counts, equipment, …; `findings` as in the JSON of `read`."""

    id: str
    kind: str
    name: str
    rows: int
    columns: tuple[Mapping[str, Any], ...]  # field, header, unit, class
    dropped: tuple[str, ...]  # headers that were not mapped and therefore never stored
    findings: tuple[Mapping[str, Any], ...]
    facts: Mapping[str, Any]
    sample: bool
    created_at: datetime
    author: str


@action(needs=EDITORS, purpose="baseline")
def stage_upload(workspace: Workspace, data: bytes, *, name: str) -> str:
    """Keep an uploaded file sealed until its mapping is confirmed; returns the upload's id.

    Raises ActionError file_too_large, empty_file.
    """
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def read_upload(
    workspace: Workspace,
    upload: str,
    *,
    kind: str | None = None,
    timezone: str = "UTC",
    password: str | None = None,
    sheet: str | None = None,
) -> Mapping[str, Any]:
    """Say what is understood of a staged file: the JSON of `read` (contract section 2); keeps nothing.

    The file is opened in a limited process. Unreadable files raise the document error of `templates.files`.
    """
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def upload_dataset(
    workspace: Workspace,
    upload: str,
    *,
    kind: str,
    mapping: Mapping[str, str],
    table: int = 0,
    timezone: str = "UTC",
    password: str | None = None,
    sheet: str | None = None,
) -> DatasetView:
    """Keep the mapped columns of a staged file as a dataset and erase the file.

    `mapping`: header -> field, confirmed by a person; columns that are not named in it are never stored.
    Raises ActionError mapping_incomplete, nothing_left.
    """
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def discard_upload(workspace: Workspace, upload: str) -> None:
    """Erase a staged file."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def paste_rows(workspace: Workspace, text: str, *, name: str = "pasted rows") -> str:
    """Stage rows pasted from a spreadsheet (tab, comma or semicolon separated); returns the upload's id."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def load_sample(workspace: Workspace) -> tuple[DatasetView, ...]:
    """Keep the labelled sample data of the manufacturing pack as datasets of this workspace."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="baseline")
def remove_dataset(workspace: Workspace, dataset: str) -> None:
    """Erase a dataset; what was computed from it stays marked as without its source."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="baseline")
def uploads(workspace: Workspace) -> Sequence[UploadView]:
    """List the staged files that wait for confirmation, newest first."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="baseline")
def datasets(workspace: Workspace) -> Sequence[DatasetView]:
    """List the datasets, newest first."""
    raise RuntimeError("being written")
