"""The identity provider of the demo: OpenID Connect with one person for each role, and no passwords.

Imported by demo mode only. Two tenants and the vendor each have their own provider here (own issuer, own client), as
they would in the world. Authorization code with PKCE, client credentials, discovery, keys, userinfo and sign-out.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from portal.front import front_page, markup
from portal.identity import Role
from portal.text import pick, t

CODE_SECONDS = 60
TOKEN_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the demo."""

    subject: str
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """The provider of one organisation of the demo."""

    id: str
    tenant: str
    title: Mapping[str, str]
    people: tuple[Person, ...]


def _person(subject: str, name: str, domain: str, role: Role) -> Person:
    return Person(subject=subject, name=name, email=f"{subject}@{domain}", role=role)


REALMS: tuple[Realm, ...] = (
    Realm(
        id="huacheng",
        tenant="huacheng",
        title={"zh-CN": "华成包装", "en": "Huacheng Packaging"},
        people=(
            _person("lina", "李娜 Li Na", "huacheng.example", Role.OWNER),
            _person("wangjun", "王军 Wang Jun", "huacheng.example", Role.ANALYST),
            _person("zhaomin", "赵敏 Zhao Min", "huacheng.example", Role.FINANCE_READER),
            _person("guest", "孙浩 Sun Hao", "huacheng.example", Role.GUEST),
        ),
    ),
    Realm(
        id="nordfilm",
        tenant="nordfilm",
        title={"zh-CN": "北辰薄膜", "en": "Nordfilm"},
        people=(
            _person("anna", "Anna Berg", "nordfilm.example", Role.OWNER),
            _person("erik", "Erik Lund", "nordfilm.example", Role.ANALYST),
            _person("maja", "Maja Holm", "nordfilm.example", Role.FINANCE_READER),
            _person("visitor", "Oskar Vik", "nordfilm.example", Role.GUEST),
        ),
    ),
    Realm(
        id="vendor",
        tenant="vendor",
        title={"zh-CN": "供应商", "en": "Vendor"},
        people=(
            _person("chenwei", "陈伟 Chen Wei", "vendor.example", Role.REP),
            _person("liuyang", "刘洋 Liu Yang", "vendor.example", Role.ARCHITECT),
            _person("hejing", "何静 He Jing", "vendor.example", Role.REVIEWER),
            _person("zhoulan", "周岚 Zhou Lan", "vendor.example", Role.COMPLIANCE_OFFICER),
            _person("admin", "徐峰 Xu Feng", "vendor.example", Role.SYSTEM_ADMIN),
            _person("security", "高远 Gao Yuan", "vendor.example", Role.SECURITY_ADMIN),
            _person("audit", "罗青 Luo Qing", "vendor.example", Role.AUDIT_ADMIN),
        ),
    ),
)


@dataclass(slots=True)
class Grant:
    """A code that was handed out and not yet used."""

    realm: str
    subject: str
    redirect_uri: str
    nonce: str
    challenge: str
    expires: float


@dataclass(slots=True)
class DemoProvider:
    """All realms under one address; keys and codes live as long as the process."""

    origin: str
    portal: str = ""  # the address of the portal that uses it; the same as `origin` in the demo
    client_id: str = "mingsuan"
    token_seconds: int = TOKEN_SECONDS
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True))
    grants: dict[str, Grant] = field(default_factory=dict)

    def issuer(self, realm: Realm) -> str:
        return f"{self.origin}/idp/{realm.id}"

    def routes(self) -> list[Route]:
        base = "/idp/{realm}"
        return [
            Route(f"{base}/.well-known/openid-configuration", self.discovery),
            Route(f"{base}/authorize", self.authorize),
            Route(f"{base}/token", self.token, methods=["POST"]),
            Route(f"{base}/jwks", self.jwks),
            Route(f"{base}/userinfo", self.userinfo),
            Route(f"{base}/end_session", self.end_session),
        ]

    async def discovery(self, request: Request) -> Response:
        realm = _realm(request)
        if realm is None:
            return _error(404, "not_found")
        issuer = self.issuer(realm)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "end_session_endpoint": f"{issuer}/end_session",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "scopes_supported": ["openid", "email", "profile"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Ask which person to be; then send the browser back with a code."""
        realm, query = _realm(request), request.query_params
        if realm is None or query.get("client_id") != self.client_id:
            return _error(400, "unauthorized_client")
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri != f"{self.portal or self.origin}/auth/callback":
            return _error(400, "invalid_request")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            return _error(400, "invalid_request")
        chosen = next((person for person in realm.people if person.subject == query.get("person")), None)
        if chosen is None:
            return self._choice(realm, dict(query))
        code = secrets.token_urlsafe(32)
        now = time.monotonic()
        self.grants = {key: grant for key, grant in self.grants.items() if grant.expires > now}
        self.grants[code] = Grant(
            realm=realm.id,
            subject=chosen.subject,
            redirect_uri=redirect_uri,
            nonce=query.get("nonce", ""),
            challenge=query.get("code_challenge", ""),
            expires=now + CODE_SECONDS,
        )
        answer = urlencode({"code": code, "state": query.get("state", ""), "iss": self.issuer(realm)})
        return RedirectResponse(f"{redirect_uri}?{answer}", status_code=303)

    def _choice(self, realm: Realm, query: dict[str, str]) -> Response:
        rows = [
            markup(
                '<a class="choice" href="?{query}"><b>{name}</b><span>{role}</span></a>',
                query=urlencode({**query, "person": person.subject}),
                name=person.name,
                role=t(f"shell.roles.{person.role}"),
            )
            for person in realm.people
        ]
        body = markup("<p>{lead}</p>", lead=t("shell.demo_people_lead")) + "".join(rows)
        return front_page(t("shell.demo_people", organisation=pick(realm.title)), body, languages=False)

    async def token(self, request: Request) -> Response:
        realm = _realm(request)
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode("latin-1")).items()}
        if realm is None or not self._client_is_known(request):
            return _error(401, "invalid_client")
        if form.get("grant_type") == "client_credentials":
            return self._tokens(realm, subject=self.client_id, nonce="", scope=form.get("scope", ""))
        grant = self.grants.pop(form.get("code", ""), None)
        if (
            form.get("grant_type") != "authorization_code"
            or grant is None
            or grant.realm != realm.id
            or grant.expires < time.monotonic()
            or grant.redirect_uri != form.get("redirect_uri")
            or grant.challenge != challenge_of(form.get("code_verifier", ""))
        ):
            return _error(400, "invalid_grant")
        return self._tokens(realm, subject=grant.subject, nonce=grant.nonce, scope="openid email profile")

    def _client_is_known(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(value, validate=True)
        except ValueError:
            return False
        expected = f"{self.client_id}:{self.client_secret}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, expected)

    def _tokens(self, realm: Realm, *, subject: str, nonce: str, scope: str) -> Response:
        now = int(time.time())
        shared = {
            "iss": self.issuer(realm),
            "aud": self.client_id,
            "sub": subject,
            "iat": now,
            "exp": now + self.token_seconds,
        }
        head = {"alg": "RS256", "kid": self.key.kid}
        access = jwt.encode(head, {**shared, "scope": scope, "realm": realm.id}, self.key)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": self.token_seconds}
        person = next((one for one in realm.people if one.subject == subject), None)
        if person is not None:
            claims = {**shared, **_claims(realm, person), "auth_time": now, "nonce": nonce}
            answer["id_token"] = jwt.encode(head, claims, self.key)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def jwks(self, request: Request) -> Response:
        del request
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def userinfo(self, request: Request) -> Response:
        realm = _realm(request)
        _, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except ValueError:
            return _error(401, "invalid_token")
        subject = claims.get("sub")
        person = next((one for one in (realm.people if realm else ()) if one.subject == subject), None)
        if realm is None or person is None or claims.get("exp", 0) < time.time() or claims.get("realm") != realm.id:
            return _error(401, "invalid_token")
        return JSONResponse({"sub": person.subject, **_claims(realm, person)})

    async def end_session(self, request: Request) -> Response:
        """Nobody stays signed in here, so there is only the way back."""
        target, state = request.query_params.get("post_logout_redirect_uri", ""), request.query_params.get("state", "")
        if target != f"{self.portal or self.origin}/auth/signed-out":
            return _error(400, "invalid_request")
        return RedirectResponse(f"{target}?{urlencode({'state': state})}" if state else target, status_code=303)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _claims(realm: Realm, person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "email": person.email,
        "email_verified": True,
        "roles": [str(person.role)],
        "org": realm.tenant,
    }


def _realm(request: Request) -> Realm | None:
    return next((realm for realm in REALMS if realm.id == request.path_params["realm"]), None)


def _error(status: int, code: str) -> Response:
    return JSONResponse({"error": code}, status_code=status, headers={"Cache-Control": "no-store"})
