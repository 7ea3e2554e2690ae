"""The landing of a share link, and the sign-in by a code that is sent by mail and typed by a person.

Reading a landing page changes nothing, so mail scanners and previews cannot use a link up. Links that are unknown, over
or withdrawn look the same until an address has been proved, and known and unknown addresses get the same answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import sessions, storage_accounts
from portal.actions import ActionError
from portal.catalogue import in_words, titled
from portal.front import front_page, markup
from portal.gate import cookie_name
from portal.identity import Member
from portal.invitations import BY_CODE, AgreementNeededError, open_link
from portal.limits import Buckets, Rate
from portal.mail import Mail, MailError
from portal.result_links import is_result_link, open_result
from portal.sessions import Session
from portal.signin import read_form, refusal, refused, same_site, set_cookie, sign_in
from portal.storage_release import link_by_hash
from portal.strongbox import UNDER_WAY
from portal.text import language, speaking, t
from portal.wiring import Portal
from privacy.disclosure import words
from privacy.links import token_hash

log = logging.getLogger("mingsuan.landing")

BY_ADDRESS = Rate(burst=20, per_second=1 / 30)
BY_EMAIL = Rate(burst=4, per_second=1 / 180)
CODE_ROW = "code"


@dataclass(slots=True)
class LandingRoutes:
    """Routes of share links and e-mailed codes."""

    portal: Portal
    buckets: Buckets = field(default_factory=Buckets)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def routes(self) -> list[Route]:
        return [
            Route("/s/{token}", self.landing),
            Route("/s/{token}/open", self.open, methods=["POST"]),
            Route("/auth/code/send", self.send, methods=["POST"]),
            Route("/auth/code", self.ask),
            Route("/auth/code/verify", self.verify, methods=["POST"]),
        ]

    async def landing(self, request: Request) -> Response:
        """Who follows a link sees where he is and how to go on; nothing is used up."""
        token = request.path_params["token"]
        here = f"/s/{quote(token, safe='')}"
        session: Session | None = request.scope["portal_session"]
        lead = markup(
            "<p>{lead}</p><ul><li>{you}</li><li>{sender}</li><li>{others}</li></ul>"
            '<a class="choice first" href="{here}/try"><b>{try_}</b><span>{hint}</span></a>',
            lead=t("shell.link_lead"),
            you=t("shell.link_you"),
            sender=t("shell.link_sender"),
            others=t("shell.link_others"),
            here=here,
            try_=t("shell.link_try"),
            hint=t("shell.link_try_hint"),
        )
        if session is not None:
            body = markup(
                '<form method="post" action="{here}/open"><button>{go}</button></form><p class="small">{who}</p>',
                here=here,
                go=t("shell.link_open"),
                who=t("shell.signed_in_as", name=session.member.name),
            )
        else:
            body = self._code_form(here)
        return front_page(t("shell.link_title"), lead + body, next_page=quote(here, safe=""))

    def _code_form(self, here: str) -> str:
        """The way in by a code that is mailed and typed, or by a company account."""
        return markup(
            '<form method="post" action="/auth/code/send"><input type="hidden" name="next" value="{here}">'
            '<label for="name">{name}</label>'
            '<input id="name" name="name" autocomplete="name" maxlength="100" required>'
            '<label for="email">{email}</label>'
            '<input id="email" name="email" type="email" autocomplete="email" maxlength="254" required '
            'placeholder="{example}"><button>{go}</button></form>'
            '<div class="or"><span>{or_}</span></div>'
            '<a class="choice" href="/auth/sign-in?next={quoted}"><b>{other}</b><span>{hint}</span></a>',
            here=here,
            name=t("shell.your_name"),
            email=t("shell.work_email"),
            example=t("shell.work_email_example"),
            go=t("shell.send_code"),
            or_=t("shell.or"),
            quoted=quote(here, safe=""),
            other=t("shell.with_company_account"),
            hint=t("shell.with_company_account_hint"),
        )

    async def open(self, request: Request) -> Response:
        """Open the link for the person who is signed in."""
        session: Session | None = request.scope["portal_session"]
        if session is None:
            return await self.landing(request)
        person = session.member
        form = await read_form(request)
        token, accepted = request.path_params["token"], form.get("accepted", "")[:64]
        try:
            if await to_thread.run_sync(lambda: is_result_link(self.portal.store, token)):
                if person.provider != BY_CODE:  # another provider's word for an address is no proof of it
                    form_ = self._code_form(f"/s/{quote(token, safe='')}")
                    return front_page(t("shell.result_title"), form_, next_page="/auth/code")
                return await self._result(token, person.email)
            member = await to_thread.run_sync(lambda: self._open(token, person.email, person.name, person, accepted))
        except AgreementNeededError as asked:
            return self._agreement(asked, here=f"/s/{quote(token, safe='')}/open")
        except ActionError as error:
            return refused(error)
        # a press of a button is no new proof of who somebody is
        return await sign_in(request, self.portal, member, to="/", proved_at=session.proved_at)

    def _open(self, token: str, email: str, name: str, person: Member | None, accepted: str = "") -> Member:
        portal = self.portal
        member, _ = open_link(
            portal.store,
            portal.keys,
            token=token,
            email=email,
            name=name,
            at=portal.now(),
            member=person,
            language=language(),
            accepted=accepted,
        )
        return member

    def _agreement(self, asked: AgreementNeededError, *, here: str, code: str = "") -> Response:
        """What must be accepted first; nothing was used up, and leaving leaves nothing behind."""
        hidden = markup('<input type="hidden" name="code" value="{code}">', code=code) if code else ""
        body = markup("<p>{lead}</p><pre>{text}</pre>", lead=t("shell.agreement_lead"), text=asked.text)
        form = markup(
            '<form method="post" action="{here}"><input type="hidden" name="accepted" value="{digest}">',
            here=here,
            digest=asked.digest,
        )
        button = markup("<button>{go}</button></form>", go=t("shell.agreement_accept"))
        return front_page(t("shell.agreement_title"), body + form + hidden + button, next_page="/auth/code")

    async def _result(self, token: str, email: str) -> Response:
        """One released result, for the one address that it was shared with; nobody gets an account by it."""
        portal = self.portal
        made = await to_thread.run_sync(
            lambda: open_result(portal.store, portal.keys, token=token, email=email, at=portal.now())
        )
        rows = "".join(
            markup("<dt>{name}</dt><dd>{value}</dd>", name=titled(item), value=in_words(item))
            for item in words(made.payload)
        )
        lead = markup(
            "<p>{purpose} · {ends}</p>",
            purpose=t(f"release.purpose_{made.purpose}"),
            ends=t("release.until_day", day=made.until.date().isoformat()),
        )
        terms = markup('<p class="small">{words}</p>', words=t("desk.terms"))
        return front_page(t("shell.result_title"), f"{lead}<dl>{rows}</dl>{terms}", languages=False)

    # --- codes -------------------------------------------------------------------------------------------------------

    async def send(self, request: Request) -> Response:
        """Send a code where the address may have one; the answer is the same where it may not."""
        form = await read_form(request)
        email, name = form.get("email", "").strip().lower(), form.get("name", "").strip()
        next_page = same_site(form.get("next"))
        if not _looks_like_address(email):
            return refusal(400, "not_an_address")
        address = request.client.host if request.client else "?"
        at = time.monotonic()
        wait = self.buckets.wait(f"a:{address}", BY_ADDRESS, at=at) or self.buckets.wait(f"e:{email}", BY_EMAIL, at=at)
        if wait:
            response = refusal(429, "too_many_codes")
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        kept = json.dumps({"email": email, "name": name[:100]})
        handle, code = await to_thread.run_sync(self._put, kept, next_page)
        self._beside(self._deliver(email, next_page, code, language()))
        response = self._code_page()
        set_cookie(response, self.portal, self._cookie, handle, seconds=int(sessions.CODE_LIFE.total_seconds()))
        return response

    def _put(self, kept: str, next_page: str) -> tuple[str, str]:
        box = self.portal.strongbox
        with self.portal.store.writing() as tx:
            sessions.sweep(tx, now=self.portal.now())
            return sessions.put_code(
                tx,
                email=box.seal(kept, kind=UNDER_WAY, row=CODE_ROW),
                next_page=box.seal(next_page, kind=UNDER_WAY, row=CODE_ROW),
                now=self.portal.now(),
            )

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, email: str, next_page: str, code: str, tag: str) -> None:
        try:
            await to_thread.run_sync(self._deliver_now, email, next_page, code, tag)
        except MailError as error:
            log.warning("a code could not be sent: %s", error.code)
        except Exception as error:  # noqa: BLE001  # nobody waits for this task
            log.warning("a code could not be sent: %s", type(error).__name__)

    def _deliver_now(self, email: str, next_page: str, code: str, tag: str) -> None:
        if not self._may_have_code(email, next_page):
            return
        with speaking(tag):
            mail = Mail(
                to=email,
                subject=t("shell.code_mail_subject"),
                body=t("shell.code_mail_body", code=f"{code[:4]} {code[4:]}", minutes=10),
            )
        self.portal.mailer.send(mail)

    def _may_have_code(self, email: str, next_page: str) -> bool:
        """Somebody with a living link, or a member who signs in by code."""
        at = self.portal.now().timestamp()
        with self.portal.store.reading() as tx:
            if next_page.startswith("/s/"):
                link = link_by_hash(tx, token_hash(_token_in(next_page)))
                return link is not None and link.revoked_at is None and link.expires_at > at
            return bool(storage_accounts.members_by_email(tx, email, provider_id="code"))

    async def ask(self, request: Request) -> Response:
        del request
        return self._code_page()

    def _code_page(self, *, notice: str = "", status: int = 200) -> Response:
        words = markup('<p class="note" role="alert">{words}</p>', words=notice) if notice else ""
        form = markup(
            '<p>{lead}</p><form method="post" action="/auth/code/verify"><label for="code">{label}</label>'
            '<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required '
            'class="code" autofocus><button>{go}</button></form>',
            lead=t("shell.code_lead"),
            label=t("shell.code"),
            go=t("shell.continue"),
        )
        demo = ""
        if self.portal.settings.demo:
            demo = markup(
                '<p class="small"><a href="/outbox" target="_blank">{words}</a></p>', words=t("shell.demo_outbox_hint")
            )
        return front_page(t("shell.code_title"), words + form + demo, next_page=quote("/auth/code"), status=status)

    async def verify(self, request: Request) -> Response:
        """A typed code: right once, within ten minutes and five attempts."""
        form = await read_form(request)
        code = "".join(c for c in form.get("code", "") if c.isdigit())[:12]
        handle = request.cookies.get(self._cookie, "")
        outcome = await to_thread.run_sync(self._try, handle, code)
        if isinstance(outcome, int):
            if outcome == 0:
                return refusal(403, "code_over")
            return self._code_page(notice=t("shell.code_wrong", left=outcome), status=403)
        box = self.portal.strongbox
        kept = json.loads(box.open(outcome[0], kind=UNDER_WAY, row=CODE_ROW))
        next_page = box.open(outcome[1], kind=UNDER_WAY, row=CODE_ROW)
        to = "/" if next_page.startswith("/s/") else next_page
        token = _token_in(next_page) if next_page.startswith("/s/") else ""
        try:
            shared: bool = bool(token) and await to_thread.run_sync(lambda: is_result_link(self.portal.store, token))
            if shared:
                return await self._result(token, kept["email"])
            accepted = form.get("accepted", "")[:64]
            member = await to_thread.run_sync(self._member, kept, next_page, accepted)
        except AgreementNeededError as asked:  # the address is proved: a code that was not mailed stands for that
            again, code = await to_thread.run_sync(self._put, json.dumps(kept), next_page)
            response = self._agreement(asked, here="/auth/code/verify", code=code)
            set_cookie(response, self.portal, self._cookie, again, seconds=int(sessions.CODE_LIFE.total_seconds()))
            return response
        except ActionError as error:
            return refused(error)
        if member is None:
            return refusal(403, "code_over")
        response = await sign_in(request, self.portal, member, to=to)
        response.delete_cookie(self._cookie, path="/")
        return response

    def _try(self, handle: str, code: str) -> tuple[bytes, bytes] | int:
        with self.portal.store.writing() as tx:
            return sessions.try_code(tx, handle, code, now=self.portal.now())

    def _member(self, kept: dict[str, str], next_page: str, accepted: str = "") -> Member | None:
        if next_page.startswith("/s/"):
            return self._open(_token_in(next_page), kept["email"], kept["name"] or kept["email"], None, accepted)
        with self.portal.store.reading() as tx:
            found = storage_accounts.members_by_email(tx, kept["email"], provider_id="code")
        return next((member for member in found if member.active), None)

    @property
    def _cookie(self) -> str:
        return f"{cookie_name(secure=self.portal.settings.secure)}-code"


def _token_in(next_page: str) -> str:
    return next_page.removeprefix("/s/").split("/")[0].split("?")[0]


def _looks_like_address(email: str) -> bool:
    local, at, domain = email.partition("@")
    return bool(
        local
        and at
        and "." in domain
        and len(email) <= 254
        and email.isprintable()
        and not set(email) & set(" <>,;:\"'")
    )
