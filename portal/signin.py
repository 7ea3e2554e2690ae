"""Signing in and out: the pages, the way over the identity provider, the cookie.

A sign-in always makes a new session and ends the one this browser had. Where somebody wanted to go (a deep link, the
landing of a share link) is kept on our side, sealed, and survives the way over the provider.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from portal import actions_admin, sessions, storage_accounts
from portal.front import front_page, markup
from portal.gate import LANGUAGE_COOKIE, Gate, cookie_name
from portal.identity import IdentityError, Member, Profile, Provider, profile_from_claims
from portal.invitations import BY_CODE
from portal.noting import write_entry
from portal.oidc import Proof, Relations, claimed, new_nonce, new_verifier
from portal.problems import problem
from portal.rooms import NAMES, installation_key
from portal.sessions import Session, SignIn
from portal.strongbox import ID_TOKEN, PROVIDER, UNDER_WAY
from portal.text import best_language, error_text, language, t
from portal.wiring import Portal
from privacy.audit import AuditEntry, pseudonym

log = logging.getLogger("mingsuan.signin")

CALLBACK = "/auth/callback"
SIGNED_OUT_PAGE = "/auth/signed-out"


def same_site(wanted: str | None) -> str:
    """The page to go to after a sign-in: an address of ours without scheme and host, or the start page."""
    target = wanted or "/"
    plain = unquote(target)
    parts = urlsplit(target)
    ours = (
        target.startswith("/")
        and not plain.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
        and plain.isprintable()
        and "\\" not in plain
        and len(target) <= 900
        and not plain.startswith(("/auth/", "/api/", "/idp/", "/_stcore"))
    )
    return target if ours else "/"


@dataclass(slots=True)
class SignInRoutes:
    """The routes under /auth/ that concern providers and sessions."""

    portal: Portal
    relations: Relations

    def routes(self) -> list[Route]:
        return [
            Route("/auth/sign-in", self.choose),
            Route("/auth/find", self.find, methods=["POST"]),
            Route("/auth/start", self.start),
            Route(CALLBACK, self.callback),
            Route("/auth/sign-out", self.sign_out, methods=["GET", "POST"]),
            Route(SIGNED_OUT_PAGE, self.signed_out),
            Route("/auth/language", self.language),
            Route("/auth/alive", self.alive),
            Route("/auth/again", self.again),
            Route("/auth/backchannel-logout", self.provider_signs_out, methods=["POST"]),
        ]

    # --- choosing a provider -----------------------------------------------------------------------------------------

    async def choose(self, request: Request) -> Response:
        """The sign-in page: listed providers, or the one that belongs to an e-mail address."""
        next_page = same_site(request.query_params.get("next"))
        if request.scope["portal_session"] is not None and not {"ended", "again"} & request.query_params.keys():
            return RedirectResponse(next_page, status_code=303)
        notice = markup('<p class="note" role="status">{words}</p>', words=t("shell.session_ended"))
        listed = await to_thread.run_sync(self._listed)
        links = [
            markup(
                '<a class="choice" href="/auth/start?provider={id}&amp;next={next}">'
                "<b>{title}</b><span>{hint}</span></a>",
                id=provider.id,
                next=quote(next_page, safe=""),
                title=provider.title,
                hint=t("shell.with_company_account"),
            )
            for provider in listed
        ]
        form = markup(
            '<form method="post" action="/auth/find"><input type="hidden" name="next" value="{next}">'
            '<label for="email">{label}</label>'
            '<input id="email" name="email" type="email" autocomplete="email" required maxlength="254" '
            'placeholder="{example}"><button>{go}</button></form>',
            next=next_page,
            label=t("shell.work_email"),
            example=t("shell.work_email_example"),
            go=t("shell.continue"),
        )
        middle = markup('<div class="or"><span>{words}</span></div>', words=t("shell.or")) if links else ""
        demo = (
            markup('<p class="small"><a href="/outbox">{words}</a></p>', words=t("shell.demo_outbox_hint"))
            if self.portal.settings.demo
            else ""
        )
        body = (notice if "ended" in request.query_params else "") + "".join(links) + middle + form + demo
        return front_page(t("shell.sign_in"), body, next_page=_here(request))

    def _listed(self) -> list[Provider]:
        with self.portal.store.reading() as tx:
            return [provider for provider in storage_accounts.all_providers(tx) if provider.listed and provider.active]

    async def find(self, request: Request) -> Response:
        """Send somebody to the provider of his e-mail domain; who has none gets a code by mail where he is known."""
        form = await read_form(request)
        email, next_page = form.get("email", "").strip().lower(), same_site(form.get("next"))
        domain = email.rpartition("@")[2]
        found = await to_thread.run_sync(self._by_domain, domain)
        if found is None:
            return front_page(
                t("shell.sign_in"),
                markup('<p class="note" role="status">{words}</p>', words=t("shell.no_provider"))
                + markup(
                    '<form method="post" action="/auth/code/send"><input type="hidden" name="next" value="{next}">'
                    '<input type="hidden" name="email" value="{email}"><button>{go}</button></form>'
                    '<p class="small"><a href="/auth/sign-in?next={quoted}">{back}</a></p>',
                    next=next_page,
                    email=email,
                    go=t("shell.send_code"),
                    quoted=quote(next_page, safe=""),
                    back=t("shell.back"),
                ),
                languages=False,
            )
        # not a redirect: form-action would apply to the provider's address at the end of it
        start = f"/auth/start?provider={quote(found.id)}&next={quote(next_page, safe='')}"
        body = markup(
            '<p><a href="{to}">{words}</a></p>', to=start, words=t("shell.going_to", organisation=found.title)
        )
        return front_page(t("shell.sign_in"), body, forward=start, languages=False)

    def _by_domain(self, domain: str) -> Provider | None:
        with self.portal.store.reading() as tx:
            providers = storage_accounts.all_providers(tx)
        return next((one for one in providers if one.active and domain and domain in one.domains), None)

    # --- over the provider and back ----------------------------------------------------------------------------------

    async def start(self, request: Request) -> Response:
        provider = await to_thread.run_sync(self._provider, request.query_params.get("provider", ""))
        if provider is None:
            return refusal(404, "no_such_provider")
        nonce, verifier = new_nonce(), new_verifier()
        next_page = same_site(request.query_params.get("next"))
        state, browser = await to_thread.run_sync(self._begin, provider, nonce, verifier, next_page)
        try:
            fresh = request.query_params.get("fresh") == "1"
            url = await self.relations.authorization_url(
                provider, state=state, nonce=nonce, verifier=verifier, fresh=fresh
            )
        except IdentityError as error:
            return refused(error)
        response = RedirectResponse(url, status_code=303)
        set_cookie(response, self.portal, _way_cookie(self.portal), browser, seconds=900)
        return response

    def _provider(self, provider_id: str) -> Provider | None:
        with self.portal.store.reading() as tx:
            provider = storage_accounts.provider(tx, provider_id)
        return provider if provider is not None and provider.active else None

    def _begin(self, provider: Provider, nonce: str, verifier: str, next_page: str) -> tuple[str, str]:
        sealed = self.portal.strongbox.seal(next_page, kind=UNDER_WAY, row=provider.id)
        begun = SignIn(provider=provider.id, nonce=nonce, verifier=verifier, next=sealed)
        with self.portal.store.writing() as tx:
            sessions.sweep(tx, now=self.portal.now())
            return sessions.begin_sign_in(tx, begun, now=self.portal.now())

    async def callback(self, request: Request) -> Response:
        """What the provider sends back: a code that only we can use, for a sign-in that this browser began."""
        query = request.query_params
        browser = request.cookies.get(_way_cookie(self.portal), "")
        begun = await to_thread.run_sync(self._finish, query.get("state", ""), browser)
        if begun is None:
            return refusal(400, "sign_in_expired")
        provider = await to_thread.run_sync(self._provider, begun.provider)
        if provider is None:
            return refusal(404, "no_such_provider")
        next_page = self.portal.strongbox.open(begun.next, kind=UNDER_WAY, row=provider.id)
        if query.get("iss", provider.issuer) != provider.issuer:  # RFC 9207: the answer of another provider
            return refusal(400, "sign_in_expired")
        if "code" not in query:
            return refusal(403, "provider_refused")
        try:
            secret = self._secret(provider)
            proof = await self.relations.prove(
                provider, secret, code=query["code"], nonce=begun.nonce, verifier=begun.verifier
            )
            profile = profile_from_claims(provider, proof.claims)
            chosen, shown = request.cookies.get(LANGUAGE_COOKIE), language()
            member = await to_thread.run_sync(lambda: self._admit(profile, chosen, shown))
        except IdentityError as error:
            if error.code not in {"provider_away", "provider_refused"}:  # somebody was proved, and turned away
                await to_thread.run_sync(self._note_refusal, provider, error.code)
            return refused(error)
        response = await sign_in(request, self.portal, member, to=next_page, proof=proof)
        response.delete_cookie(_way_cookie(self.portal), path="/")
        response.delete_cookie(LANGUAGE_COOKIE, path="/")  # from here on the account remembers
        return response

    def _finish(self, state: str, browser: str) -> SignIn | None:
        with self.portal.store.writing() as tx:
            return sessions.finish_sign_in(tx, state, browser, now=self.portal.now())

    def _secret(self, provider: Provider) -> str:
        sealed = provider.sealed_secret
        return self.portal.strongbox.open(sealed, kind=PROVIDER, row=provider.id) if sealed else ""

    def _admit(self, profile: Profile, chosen: str | None, shown: str) -> Member:
        """The member of a profile; a language that was chosen on the sign-in page becomes his."""
        with self.portal.store.writing() as tx:
            tenant = storage_accounts.tenant(tx, profile.tenant)
            if tenant is None or not tenant.active:
                raise IdentityError("the organisation's access is closed", code="tenant_closed")
            member = storage_accounts.admit(tx, profile, language=shown, now=self.portal.now())
            if not member.active:
                raise IdentityError("the account is switched off here", code="member_off")
            if chosen and shown != member.language:
                storage_accounts.set_member_language(tx, member.id, shown)
                member = replace(member, language=shown)
            return member

    def _note_refusal(self, provider: Provider, code: str) -> None:
        at, data_keys = self.portal.now(), self.portal.strongbox.data_keys
        entry = AuditEntry(
            time=at,
            actor=pseudonym(installation_key(data_keys, NAMES, at=at), f"provider/{provider.id}"),
            role="",
            tenant=provider.tenant,
            action="sign_in",
            resource=f"provider/{provider.id}",
            purpose="account",
            decision="refused",
            reason=code,
        )
        with self.portal.store.writing() as tx:
            write_entry(data_keys, tx, entry)

    # --- the end -----------------------------------------------------------------------------------------------------

    async def sign_out(self, request: Request) -> Response:
        """End the session here and at the provider. A visit from elsewhere must press the button first."""
        session: Session | None = request.scope["portal_session"]
        if session is None:
            return RedirectResponse(SIGNED_OUT_PAGE, status_code=303)
        meant = request.method == "POST" or request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        if not meant:
            form = markup(
                '<form method="post" action="/auth/sign-out"><button>{go}</button></form>', go=t("shell.sign_out")
            )
            return front_page(t("shell.sign_out"), form, next_page=SIGNED_OUT_PAGE, languages=False)
        target = SIGNED_OUT_PAGE
        provider = await to_thread.run_sync(self._provider, session.provider)
        if provider is not None:
            token = session.id_token
            hint = self.portal.strongbox.open(token, kind=ID_TOKEN, row=session.member.id) if token else ""
            back = f"{self.portal.settings.origin}{SIGNED_OUT_PAGE}"
            target = await self.relations.sign_out_url(provider, id_token=hint, back=back) or target
        await to_thread.run_sync(self._end, session)
        gate: Gate = request.scope["portal_gate"]
        gate.forget()
        if request.method == "POST":  # see find(): a redirect would meet form-action
            body = markup('<p><a href="{to}">{words}</a></p>', to=target, words=t("shell.continue"))
            response = front_page(t("shell.sign_out"), body, forward=target, languages=False)
        else:
            response = RedirectResponse(target, status_code=303)
        response.delete_cookie(cookie_name(secure=self.portal.settings.secure), path="/")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def _end(self, session: Session) -> None:
        actions_admin.sign_out(self.portal.workspace(session.member), session=session.id)
        with self.portal.store.writing() as tx:
            sessions.revoke(tx, session_id=session.id, why="signed_out", now=self.portal.now())

    async def signed_out(self, request: Request) -> Response:
        del request
        body = markup(
            '<p>{words}</p><p><a class="button" href="/auth/sign-in">{again}</a></p>',
            words=t("shell.signed_out_words"),
            again=t("shell.sign_in_again"),
        )
        return front_page(t("shell.signed_out"), body, next_page=SIGNED_OUT_PAGE)

    async def language(self, request: Request) -> Response:
        """Remember the language of this browser (a member's own choice is kept with his account)."""
        chosen = best_language(request.query_params.get("to"))
        back = request.query_params.get("back", "/")
        allowed = back if back.startswith(("/auth/sign-in", SIGNED_OUT_PAGE)) and "\\" not in back else same_site(back)
        response = RedirectResponse(allowed, status_code=303)
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=31_536_000,
            path="/",
            secure=self.portal.settings.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def again(self, request: Request) -> Response:
        """For an action that wants a fresh proof: over the person's own provider and back to where he was."""
        session: Session | None = request.scope["portal_session"]
        next_page = quote(same_site(request.query_params.get("next")), safe="")
        if session is None or session.provider == BY_CODE:
            return RedirectResponse(f"/auth/sign-in?again=1&next={next_page}", status_code=303)
        return RedirectResponse(
            f"/auth/start?fresh=1&provider={quote(session.provider)}&next={next_page}", status_code=303
        )

    async def provider_signs_out(self, request: Request) -> Response:
        """A provider ends sessions of a person by a signed token (OpenID Connect Back-Channel Logout)."""
        token = (await read_form(request)).get("logout_token", "")
        issuer, audience = claimed(token)
        providers = await to_thread.run_sync(self._providers_of, issuer, audience)
        ended, proved = 0, False
        for provider in providers:
            try:
                claims = await self.relations.logout_claims(provider, token)
            except IdentityError:
                continue
            proved = True
            ended += await to_thread.run_sync(self._end_by_provider, provider, claims)
        if not proved:
            return JSONResponse({"error": "invalid_request"}, status_code=400, headers={"Cache-Control": "no-store"})
        gate: Gate = request.scope["portal_gate"]
        gate.forget()
        log.info("a provider ended %s sessions", ended)
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    def _providers_of(self, issuer: str, audience: tuple[str, ...]) -> list[Provider]:
        with self.portal.store.reading() as tx:
            known = storage_accounts.all_providers(tx)
        return [one for one in known if one.active and one.issuer == issuer and one.client_id in audience]

    def _end_by_provider(self, provider: Provider, claims: Mapping[str, Any]) -> int:
        """End the session that the provider names, else every session of the person; a repeated token ends nothing."""
        at, data_keys = self.portal.now(), self.portal.strongbox.data_keys
        actor = pseudonym(installation_key(data_keys, NAMES, at=at), f"provider/{provider.id}")
        with self.portal.store.writing() as tx:
            ended = sessions.revoke_by_sid(tx, provider.id, str(claims.get("sid", "")), now=at)
            if not ended and isinstance(claims.get("sub"), str):
                for member in storage_accounts.members_by_subject(tx, provider.id, claims["sub"]):
                    ended += sessions.revoke(tx, member_id=member, now=at, why="provider")
            if ended:
                entry = AuditEntry(
                    time=at,
                    actor=actor,
                    role="",
                    tenant=provider.tenant,
                    action="sign_out",
                    resource=f"provider/{provider.id}",
                    purpose="account",
                )
                write_entry(data_keys, tx, entry)
        return ended

    async def alive(self, request: Request) -> Response:
        """For a tab that wakes up: does its session still live?"""
        return Response(status_code=204) if request.scope["portal_session"] else problem(401, "sign_in_first")


# --- shared by the other way in (codes) ------------------------------------------------------------------------------


async def sign_in(
    request: Request,
    portal: Portal,
    member: Member,
    *,
    to: str,
    proof: Proof | None = None,
    proved_at: datetime | None = None,
) -> Response:
    """Open a session for a proven member, end the one this browser had, set the cookie, go where he wanted to go.

    `proved_at` is when he proved who he is, where that was not now.
    """
    old: Session | None = request.scope["portal_session"]
    token, session = await to_thread.run_sync(lambda: _open(portal, member, old, proof, proved_at))
    gate: Gate = request.scope["portal_gate"]
    gate.forget()
    log.info("session %s opened by provider %s", session.id, session.provider)
    response = RedirectResponse(to, status_code=303)
    set_cookie(response, portal, cookie_name(secure=portal.settings.secure), token, seconds=None)
    return response


def _open(
    portal: Portal, member: Member, old: Session | None, proof: Proof | None, proved_at: datetime | None
) -> tuple[str, Session]:
    settings = portal.settings
    sealed = portal.strongbox.seal(proof.id_token, kind=ID_TOKEN, row=member.id) if proof is not None else b""
    claims = {} if proof is None else proof.claims
    sid, proved = claims.get("sid"), claims.get("auth_time")
    with portal.store.writing() as tx:
        if old is not None:
            sessions.revoke(tx, session_id=old.id, why="replaced", now=portal.now())
        token, session = sessions.open_session(
            tx,
            member,
            idle=settings.idle,
            absolute=settings.absolute,
            now=portal.now(),
            id_token=sealed,
            sid=sid if isinstance(sid, str) else "",
            proved_at=datetime.fromtimestamp(proved, UTC)
            if isinstance(proved, int | float) and proved > 0
            else proved_at,
        )
    actions_admin.sign_in(portal.workspace(member), session=session.id, provider=member.provider)
    return token, session


def set_cookie(response: Response, portal: Portal, name: str, value: str, *, seconds: int | None) -> None:
    """A cookie that scripts cannot read, other sites cannot send along, and TLS protects where there is TLS."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=portal.settings.secure, httponly=True, samesite="lax"
    )


def _way_cookie(portal: Portal) -> str:
    return f"{cookie_name(secure=portal.settings.secure)}-way"


def _here(request: Request) -> str:
    query = request.url.query
    return quote(request.url.path + (f"?{query}" if query else ""), safe="")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a small URL-encoded form (the gate has limited its size)."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    form = await request.form(max_files=0, max_fields=20)
    return {key: value for key, value in form.items() if isinstance(value, str)}


def refusal(status: int, code: str) -> Response:
    """A page that says what is wrong and what to do."""
    body = markup(
        '<p>{remedy}</p><p><a class="button" href="/">{back}</a></p>',
        remedy=t(f"errors_portal.{code}.remedy"),
        back=t("shell.to_start"),
    )
    return front_page(t(f"errors_portal.{code}.message"), body, status=status, languages=False)


def refused(error: Exception) -> Response:
    message, remedy = error_text(error)
    body = markup(
        '<p>{remedy}</p><p><a class="button" href="/auth/sign-in">{back}</a></p>', remedy=remedy, back=t("shell.back")
    )
    return front_page(message, body, status=403, languages=False)
