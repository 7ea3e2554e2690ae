"""What every consent of a tenant has in common: the notice that was shown, its sealed record, its signed receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.rooms import NAMES, RECEIPTS, installation_key
from portal.workspace import Workspace
from privacy.audit import pseudonym
from privacy.consent import Consent, receipt

ISSUER = "mingsuan"


def consent_document(
    workspace: Workspace, consent: Consent, *, scenario: str = "", fields: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what is kept of a consent: the record, its receipt, and what was previewed."""
    seed = installation_key(workspace.data_keys, RECEIPTS, at=workspace.clock(), tx=workspace.tx)
    return {
        "consent": consent.to_json(),
        "receipt": receipt(consent, seed=seed, issuer=ISSUER),
        "scenario": scenario,
        "fields": list(fields),
    }


def own_pseudonym(workspace: Workspace) -> str:
    """Return the member's name in the log and in consent records."""
    key = installation_key(workspace.data_keys, NAMES, at=workspace.clock(), tx=workspace.tx)
    return pseudonym(key, workspace.member.id)
