"""The unsubscribe link (RFC 8058): a POST without sign-in does it; a GET shows a button and changes nothing.

Mail services send the POST by themselves when a person presses their own button, and scanners follow links with GET.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import storage_contacts
from portal.front import front_page, markup
from portal.noting import write_entry
from portal.rooms import LOG, NAMES, account_secret, data_keys_of, installation_key
from portal.text import error_text, t
from portal.wiring import Portal
from privacy.audit import AuditEntry, pseudonym
from privacy.contact import read_unsubscribe
from privacy.vault import PrivacyError

PATH = "/u/{token}"


@dataclass(slots=True)
class UnsubscribeRoutes:
    """Routes of unsubscribe links."""

    portal: Portal

    def routes(self) -> list[Route]:
        return [Route(PATH, self.ask), Route(PATH, self.stop, methods=["POST"])]

    async def ask(self, request: Request) -> Response:
        """A button; the same for every token, so that nobody learns which are genuine."""
        here = f"/u/{quote(request.path_params['token'], safe='')}"
        body = markup(
            '<p>{lead}</p><form method="post" action="{here}"><button>{go}</button></form>',
            lead=t("contact.stop_lead"),
            here=here,
            go=t("contact.stop_button"),
        )
        return front_page(t("contact.stop_title"), body, next_page=here)

    async def stop(self, request: Request) -> Response:
        """Never write to this address again."""
        try:
            await to_thread.run_sync(self._stop, request.path_params["token"])
        except PrivacyError as error:
            message, remedy = error_text(error)
            words = markup('<p class="note" role="alert"><b>{message}</b> {remedy}</p>', message=message, remedy=remedy)
            return front_page(t("contact.stop_title"), words, status=404)
        done = markup('<p class="note" role="status">{words}</p>', words=t("contact.stopped"))
        return front_page(t("contact.stop_title"), done)

    def _stop(self, token: str) -> None:
        portal, at = self.portal, self.portal.now()
        data_keys = data_keys_of(portal.store, portal.keys)
        key = read_unsubscribe(account_secret(data_keys, "contact", at=at), token)
        for purpose in (LOG, NAMES):
            installation_key(data_keys, purpose, at=at)
        with portal.store.writing() as tx:
            if not storage_contacts.suppress(tx, key, at=at.timestamp()):
                return
            entry = AuditEntry(
                time=at,
                actor=pseudonym(installation_key(data_keys, NAMES, at=at, tx=tx), f"address/{key}"),
                role="",
                tenant="",
                action="unsubscribe",
                resource=f"contact/{key[:16]}",
                purpose="outreach",
            )
            write_entry(data_keys, tx, entry)
