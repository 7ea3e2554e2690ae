"""Actions on what leaves a tenant: preview, consent, disclosure, withdrawal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import OWNER, TENANT, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Exactly what would be sent. `digest` is what `disclose` must be given back."""

    payload: Mapping[str, Any]
    digest: str
    not_sent: tuple[str, ...]
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """One consent and whether it still holds. `state`: given, withdrawn or ended."""

    id: str
    purpose: str
    audience: str
    fields: tuple[str, ...]
    given_at: datetime
    until: datetime
    withdrawn_at: datetime | None
    state: str
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """One disclosure as its tenant sees it."""

    id: str
    consent: str
    recipient: str
    released_at: datetime
    until: datetime
    withdrawn_at: datetime | None
    payload: Mapping[str, Any]


@action(needs=OWNER, purpose="release")
def preview_release(workspace: Workspace, *, scenario: str = "") -> Preview:
    """Show exactly what a release would send: fields from an allow-list, in public bands."""
    raise RuntimeError("being written")


@action(needs=OWNER, purpose="release")
def give_consent(
    workspace: Workspace, *, purpose: str, until: datetime, fields: Sequence[str] = (), recipient: str = ""
) -> ConsentView:
    """Consent that the named fields (default: all of the preview) go to the vendor, for one purpose and a term."""
    raise RuntimeError("being written")


@action(needs=OWNER, purpose="release", locks=True)
def withdraw_consent(workspace: Workspace, consent: str) -> None:
    """Withdraw a consent; its disclosures leave the vendor's feed in the same transaction."""
    raise RuntimeError("being written")


@action(needs=OWNER, purpose="release")
def disclose(workspace: Workspace, *, consent: str, digest: str, scenario: str = "") -> ReleaseView:
    """Release the previewed payload under a consent.

    `digest` must be that of the preview; raises ActionError preview_changed, consent_missing, fields_not_covered.
    """
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def consents(workspace: Workspace) -> Sequence[ConsentView]:
    """List the tenant's consents, newest first."""
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def releases(workspace: Workspace) -> Sequence[ReleaseView]:
    """List what was released, newest first, withdrawn ones included."""
    raise RuntimeError("being written")
