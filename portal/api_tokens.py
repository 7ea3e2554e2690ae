"""Access tokens of programs: OAuth 2.0 client credentials (RFC 6749, 6750, 7009), made of Authlib's parts.

A token is opaque, lives for fifteen minutes, belongs to one service account and with it to one tenant, and may never do
more than the account. Only hashes are stored. Every token that is given out or refused to a known account is noted.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    OAuth2Error,
    OAuth2Request,
    ResourceProtector,
    TokenMixin,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint

from portal import storage_accounts, storage_service
from portal.actions_service import REP_SCOPES, TENANT_SCOPES, WRITES
from portal.identity import SERVICE, Member, Role
from portal.noting import entry_of, write_entry
from portal.storage_accounts import Names
from portal.storage_service import AccountRow, TokenRow
from portal.wiring import Portal

TOKEN_SECONDS = 900
LONGEST_FORM = 8 * 1024
SCOPES = (*TENANT_SCOPES, *REP_SCOPES)
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A service account as Authlib asks about it."""

    row: AccountRow
    names: Names

    def get_client_id(self) -> str:
        return self.row.id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """All of the account's scopes where none is named; None (invalid_scope) where one is beyond them."""
        wanted = (scope or "").split()
        if not set(wanted) <= set(self.row.scopes):
            return None
        return " ".join(one for one in self.row.scopes if not wanted or one in wanted)

    def check_client_secret(self, client_secret: str) -> bool:
        return storage_service.secret_fits(self.names, self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method in AUTH_METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == ClientCredentialsGrant.GRANT_TYPE


@dataclass(frozen=True, slots=True)
class Token(TokenMixin):
    """An access token as Authlib asks about it; `now` is the time of the call."""

    row: TokenRow
    text: str
    now: float

    def check_client(self, client: Client) -> bool:
        return self.row.account.id == client.row.id

    def get_scope(self) -> str:
        return " ".join(self.row.scopes)

    def get_expires_in(self) -> int:
        return int(self.row.expires_at - self.row.issued_at)

    def is_expired(self) -> bool:
        return self.row.expires_at <= self.now

    def is_revoked(self) -> bool:
        return self.row.revoked_at is not None


class _Form(OAuth2Request):
    """A request to the token or revocation endpoint: its headers and form."""

    payload: Any
    client: Any

    def __init__(self, uri: str, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
        super().__init__("POST", uri, headers=dict(headers))
        self.payload = BasicOAuth2Payload(dict(form))
        self._fields = dict(form)

    @property
    def form(self) -> dict[str, str]:
        return self._fields


class _Grant(ClientCredentialsGrant):
    """Client credentials, by Basic authentication or in the form."""


class _Revocation(RevocationEndpoint):
    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        del token_type_hint
        tokens: Tokens = self.server.tokens
        return tokens.find(token_string)

    def revoke_token(self, token: Token, request: _Form) -> None:
        del request
        portal: Portal = self.server.tokens.portal
        with portal.store.writing() as tx:
            storage_service.revoke_token(tx, token.text, at=portal.now().timestamp())


_Grant.TOKEN_ENDPOINT_AUTH_METHODS = list(AUTH_METHODS)
_Revocation.CLIENT_AUTH_METHODS = list(AUTH_METHODS)


class _Server(AuthorizationServer):
    """Authlib's server over our tables."""

    def __init__(self, tokens: Tokens) -> None:
        untyped: Any = super()
        untyped.__init__(scopes_supported=list(SCOPES))
        self.tokens = tokens
        untyped.register_grant(_Grant)
        untyped.register_endpoint(_Revocation)
        make = BearerTokenGenerator(lambda **_: secrets.token_urlsafe(32), expires_generator=TOKEN_SECONDS)
        untyped.register_token_generator("default", make)

    def query_client(self, client_id: str) -> Client | None:
        with self.tokens.portal.store.reading() as tx:
            row = storage_service.living_account(tx, client_id[:40])
            return None if row is None else Client(row, storage_accounts.names_of(tx))

    def save_token(self, token: Mapping[str, Any], request: _Form) -> None:
        self.tokens.keep(request.client.row, token)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: _Form) -> _Form:
        return request

    def handle_response(self, status: int, body: object, headers: object) -> tuple[int, Any]:
        del headers  # the gate sets what protects; the body says the rest
        return status, body


class _Validator(BearerTokenValidator):
    def __init__(self, tokens: Tokens) -> None:
        untyped: Any = super()
        untyped.__init__()
        self.tokens = tokens

    def authenticate_token(self, token_string: str) -> Token | None:
        return self.tokens.find(token_string)


@dataclass(frozen=True, slots=True)
class _Bearer:
    """What Authlib's protector looks at of a request."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: the account, what its token may do, and the member that it acts as."""

    account: AccountRow
    scopes: frozenset[str]
    member: Member


class NobodyError(OAuth2Error):
    """The account acts for somebody who may not do it any more."""

    error = "invalid_client"
    status_code = 401


class Tokens:
    """Gives out tokens, takes them back, and says who calls with one."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._server: Any = _Server(self)
        self._protector = ResourceProtector()
        self._protector.register_token_validator(_Validator(self))

    def issue(self, authorization: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a token request (RFC 6749, section 4.4): status and JSON body."""
        form = _form(body)
        request = _Form(_URI, _readable(authorization), form)
        status, answer = cast("tuple[int, dict[str, Any]]", self._server.create_token_response(request))
        if status >= 400:
            self._note_refusal(request, form, str(answer.get("error", "")))
        return status, dict(answer)

    def revoke(self, authorization: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer a revocation request (RFC 7009)."""
        request = _Form(_URI, _readable(authorization), _form(body))
        return cast("tuple[int, dict[str, Any]]", self._server.create_endpoint_response("revocation", request))

    def caller(self, authorization: str, scope: str) -> Caller:
        """Return who calls; raises Authlib's OAuth2Error where the token does not exist, has ended or lacks a scope."""
        request = _Bearer({"Authorization": authorization} if authorization else {})  # looked up, never decoded
        token: Token = self._protector.validate_request([scope] if scope else None, request)
        account = token.row.account
        member = self.acting(account)
        if member is None:
            raise NobodyError
        return Caller(account=account, scopes=frozenset(token.row.scopes), member=member)

    def find(self, token: str) -> Token | None:
        """Look a token up by its hash."""
        with self.portal.store.reading() as tx:
            row = storage_service.token_of(tx, token[:100])
        return None if row is None else Token(row, token, self.portal.now().timestamp())

    def keep(self, account: AccountRow, token: Mapping[str, Any]) -> None:
        """Store a new token's hash and note that it was given out."""
        at, scopes = self.portal.now(), tuple(str(token["scope"]).split())
        member = self.acting(account)
        if member is None:
            raise NobodyError
        workspace = self.portal.workspace(member)
        workspace.warm_log()
        with self.portal.store.writing() as tx:
            storage_service.add_token(
                tx, token["access_token"], account=account.id, scopes=scopes, at=at.timestamp(), seconds=TOKEN_SECONDS
            )
            self._note(tx, member, account, decision="allowed", reason=" ".join(scopes))

    def acting(self, account: AccountRow) -> Member | None:
        """Return the member that an account acts as: a rep as he is now, else an analyst or, to read only, a reader.

        None where the rep has left or has another role by now.
        """
        if account.member:
            with self.portal.store.reading() as tx:
                rep = storage_accounts.member(tx, account.member)
            fits = rep is not None and rep.active and rep.tenant == account.tenant and rep.role is Role.REP
            return replace(rep, provider=SERVICE) if rep is not None and fits else None
        role = Role.ANALYST if WRITES & set(account.scopes) else Role.FINANCE_READER
        return Member(
            id=account.id,
            tenant=account.tenant,
            role=role,
            subject=account.id,
            name=account.label,
            provider=SERVICE,
            language="en",
        )

    def _note_refusal(self, request: _Form, form: Mapping[str, str], reason: str) -> None:
        """Note a refusal where the account exists; guesses at others are only counted by the gate."""
        named = form.get("client_id") or extract_basic_authorization(request.headers)[0] or ""
        client = self._server.query_client(named)
        member = None if client is None else self.acting(client.row)
        if client is None or member is None:
            return
        self.portal.workspace(member).warm_log()
        with self.portal.store.writing() as tx:
            self._note(tx, member, client.row, decision="refused", reason=reason)

    def _note(self, tx: Any, member: Member, account: AccountRow, *, decision: str, reason: str) -> None:
        note_call(self.portal, tx, member, account=account.id, action="issue_token", decision=decision, reason=reason)


def note_call(
    portal: Portal, tx: Any, member: Member, *, account: str, action: str, decision: str, reason: str
) -> None:
    """Append what a program asked for to the log, where no action does."""
    data_keys = portal.strongbox.data_keys
    entry = entry_of(
        data_keys,
        tx,
        member=member,
        tenant=member.tenant,
        action=action,
        touched={f"service/{account}": ""},
        purpose="operation",
        decision=decision,
        policies=(),
        reason=reason,
        at=portal.now(),
    )
    write_entry(data_keys, tx, entry)


_URI = "https://portal/api/v1/oauth"
"""Authlib refuses addresses without TLS; the gate has checked the real one, and the proxy before us speaks HTTP."""


def _readable(authorization: str) -> dict[str, str]:
    """Return the header of Basic authentication where it can be decoded; Authlib would fall over one that cannot."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        base64.b64decode(text, validate=True).decode()
    except ValueError:
        return {}
    return {"Authorization": authorization}


def _form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; one that is given twice counts as not given."""
    found: dict[str, str] = {}
    twice = set()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        return {}
    for name, value in pairs:
        twice.update({name} & found.keys())
        found[name] = value
    return {name: value for name, value in found.items() if name not in twice}
