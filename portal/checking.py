"""The page where anybody checks a file that is said to come from here: its watermark, or the receipt of a consent.

It needs no sign-in: who holds the file holds what the watermark says. Nothing that is brought here is kept.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.front import front_page, markup
from portal.noting import LOG_NAME
from portal.rooms import LOG, data_keys_of, installation_key
from portal.signin import refusal
from portal.storage_release import consent_stands
from portal.text import error_text, has_text, t
from portal.watermarks import published_key
from portal.wiring import Portal
from privacy.checkpoint import verifier_key
from privacy.consent import RECEIPT_FORMAT, read_receipt
from privacy.marked import check_file
from privacy.vault import PrivacyError

MOST_BYTES = 20 * 2**20
MOST_RECEIPT = 256 * 1024
AT_ONCE = 4
"""How many files are taken at the same time, whoever sends them: each is held in memory until it was checked."""
LONGEST = 60.0  # seconds for a whole body
HERE = "/verify"


@dataclass(slots=True)
class CheckRoutes:
    """Routes of the public check."""

    portal: Portal
    _turn: CapacityLimiter | None = field(default=None)
    _taking: int = 0

    def routes(self) -> list[Route]:
        return [
            Route(HERE, self.ask),
            Route(HERE, self.check, methods=["POST"]),
            Route(f"{HERE}/keys", self.keys),
        ]

    async def ask(self, request: Request) -> Response:
        """The form, and the key for those who check at home."""
        del request
        return await self._page("")

    async def check(self, request: Request) -> Response:
        """Say what the file is; few are taken and one is read at a time, so that nobody fills the memory."""
        if self._taking >= AT_ONCE:
            response = refusal(503, "busy")
            response.headers["Retry-After"] = "5"
            return response
        self._taking += 1
        try:
            return await self._checked(request)
        finally:
            self._taking -= 1

    async def _checked(self, request: Request) -> Response:
        data = b""
        with move_on_after(LONGEST):
            async with request.form(max_files=1, max_fields=2) as form:
                sent = form.get("file")
                data = await sent.read(MOST_BYTES + 1) if isinstance(sent, UploadFile) else b""
        if not data:
            return await self._page(_bad(t("verify.nothing"), ""), status=400)
        if len(data) > MOST_BYTES:
            return await self._page(_bad(t("verify.too_large"), ""), status=413)
        self._turn = self._turn or CapacityLimiter(1)
        try:
            found = await to_thread.run_sync(self._check, data, limiter=self._turn)
        except PrivacyError as error:
            return await self._page(_bad(*error_text(error)), status=422)
        return await self._page(found)

    async def keys(self, request: Request) -> Response:
        """The public keys of this installation as JSON."""
        del request
        receipts, log = await to_thread.run_sync(self._keys)
        return JSONResponse({"watermarks_and_receipts": receipts, "log": log}, headers={"Cache-Control": "no-store"})

    def _check(self, data: bytes) -> str:
        portal = self.portal
        key = published_key(data_keys_of(portal.store, portal.keys), portal.now)
        if _is_receipt(data):
            consent = read_receipt(data.decode("utf-8", errors="replace"), public_key=key)
            purpose, name, at = " ".join(consent.purposes), consent.id, consent.given_at
            recipient, title = consent.recipient, t("verify.receipt_good")
        else:
            mark = check_file(data, public_key=key).mark
            purpose, name, at = mark.purpose, mark.consent, mark.at
            recipient, title = mark.recipient, t("verify.good")
        with portal.store.reading() as tx:
            stands = consent_stands(tx, name, at=portal.now().timestamp()) if name else None
        words = f"release.purpose_{purpose}"
        rows = [
            (t("verify.purpose"), t(words) if has_text(words) else purpose),
            (t("verify.recipient"), recipient),
            (t("verify.at"), "–" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ]
        if name:
            rows += [(t("verify.consent"), name), (t("verify.state"), t(_STATES[stands]))]
        body = "".join(markup("<dt>{name}</dt><dd>{value}</dd>", name=term, value=value) for term, value in rows)
        return markup('<p class="note" role="status">{words}</p>', words=title) + f"<dl>{body}</dl>"

    def _keys(self) -> tuple[str, str]:
        portal = self.portal
        data_keys = data_keys_of(portal.store, portal.keys)
        receipts = base64.b64encode(published_key(data_keys, portal.now)).decode()
        return receipts, verifier_key(installation_key(data_keys, LOG, at=portal.now()), name=LOG_NAME)

    async def _page(self, found: str, *, status: int = 200) -> Response:
        receipts, _ = await to_thread.run_sync(self._keys)
        form = markup(
            '<p>{lead}</p><form method="post" action="{here}" enctype="multipart/form-data">'
            '<label for="file">{label}</label><input id="file" name="file" type="file" required '
            'accept=".json,.csv,.xlsx,.docx,.pdf"><button>{go}</button></form><p class="small">{offline}</p>'
            "<pre>mingsuan watermark verify FILE --key {key}</pre>",
            lead=t("verify.lead"),
            here=HERE,
            label=t("verify.file"),
            go=t("verify.go"),
            offline=t("verify.offline"),
            key=receipts,
        )
        return front_page(t("verify.title"), found + form, next_page=HERE, status=status)


_STATES = {None: "verify.state_unknown", True: "verify.state_in_force", False: "verify.state_over"}


def _bad(message: str, remedy: str) -> str:
    return markup('<p class="note" role="alert"><b>{message}</b> {remedy}</p>', message=message, remedy=remedy)


def _is_receipt(data: bytes) -> bool:
    if len(data) > MOST_RECEIPT:  # a document of that size would take many times its bytes
        return False
    try:
        held = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(held, dict) and held.get("mingsuan") == RECEIPT_FORMAT
