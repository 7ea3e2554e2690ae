"""Actions that hand out a released result as a file; its watermark says who took it, when, under which consent."""

from __future__ import annotations

import hashlib
import json
from typing import cast

from portal import storage_release
from portal.actions import OWNER, REPS, ActionError, action
from portal.identity import VENDOR
from portal.released_files import MEDIA, released_file
from portal.watermarks import Form, watermark_of, watermarked
from portal.workspace import MissingError, Workspace
from privacy.disclosure import Disclosure


@action(needs=OWNER, purpose="release")
def take_release(workspace: Workspace, release: str, *, form: str = "json") -> bytes:
    """Return one of the tenant's own releases as a file, exactly as the vendor can take it.

    Raises ActionError form_unknown.
    """
    kept = workspace.latest("release", slot=release)
    if kept is None:
        raise MissingError(release)
    made = Disclosure.from_json(workspace.get("release", kept.id)["disclosure"])
    with workspace.store.reading() as tx:
        row = next((one for one in storage_release.disclosures_of(tx, workspace.tenant) if one.id == release), None)
    if row is None:
        raise MissingError(release)
    return _taken(workspace, made, account=row.handle, form=form)


@action(needs=REPS, purpose="offer", highest_class="internal")
def take_disclosure(workspace: Workspace, disclosure: str, *, form: str = "json") -> bytes:
    """Return a result that was released to this rep as a file; withdrawn and ended ones do not exist.

    Raises ActionError form_unknown.
    """
    at = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        rows = storage_release.feed(tx, workspace.tenant, member=workspace.member.id, at=at)
    row = next((one for one in rows if one.id == disclosure), None)
    if row is None or row.sealed is None:
        raise MissingError(disclosure)
    opened = workspace.unseal("disclosure", row.id, row.sealed, key=row.data_key)
    made = Disclosure.from_json(json.loads(opened))
    if made.recipient not in {VENDOR, workspace.member.id} or made.until.timestamp() <= at:
        raise MissingError(disclosure)  # the row says otherwise, but what was sealed under the consent counts
    workspace.concern(made.tenant)
    return _taken(workspace, made, account=row.handle, form=form)


def _taken(workspace: Workspace, made: Disclosure, *, account: str, form: str) -> bytes:
    if form not in MEDIA:
        raise ActionError(
            f"a release is not written as {form!r}",
            code="form_unknown",
            place="form",
            remedy=f"Choose one of {', '.join(MEDIA)}.",
            known=", ".join(MEDIA),
        )
    mark = watermark_of(
        workspace,
        purpose=made.purpose,
        consent=made.consent,
        data_digest=made.payload_digest,
        policy=str(made.payload["policy"]),
    )
    plain = released_file(made, account=account, form=form)
    data = watermarked(workspace, plain, mark, form=cast("Form", form))
    workspace.touched[f"disclosure/{made.id}"] = hashlib.sha256(data).hexdigest()
    workspace.then(lambda _: None)  # every copy is noted, with the digest of the very file
    return data
