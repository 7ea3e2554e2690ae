"""Our side of OpenID Connect: send somebody to his provider, and turn what comes back into verified claims.

Authorization code with PKCE (S256), state and nonce. The identity token is checked with joserfc against the keys the
provider publishes; only asymmetric algorithms are accepted, whatever the provider says it can do.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal.identity import IdentityError, Provider

log = logging.getLogger("mingsuan.oidc")

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
SCOPE = "openid email profile"
FRESH_SECONDS = 3600.0
RETRY_SECONDS = 10.0  # an unknown key is looked for at most so often
TIMEOUT = 10.0
LEEWAY = 60
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_SECONDS = 180.0  # how old a logout token may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a provider has proved: the claims of the identity token, and the token for the sign-out."""

    claims: Mapping[str, Any]
    id_token: str


@dataclass(slots=True)
class _Known:
    metadata: dict[str, Any]
    keys: KeySet
    at: float


@dataclass(slots=True)
class Relations:
    """What we know of the providers (discovery documents and keys), kept for an hour."""

    redirect_uri: str
    transport: httpx2.AsyncBaseTransport | None = None  # tests put a provider of their own here
    _known: dict[str, _Known] = field(default_factory=dict)

    async def authorization_url(
        self, provider: Provider, *, state: str, nonce: str, verifier: str, fresh: bool = False
    ) -> str:
        """Where to send the browser; `fresh` asks the provider to have the person prove himself now."""
        more = {"prompt": "login", "max_age": "0"} if fresh else {}
        known = await self._know(provider)
        async with self._client(provider, "") as client:
            url, _ = client.create_authorization_url(
                known.metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier, **more
            )
        return str(url)

    async def prove(self, provider: Provider, secret: str, *, code: str, nonce: str, verifier: str) -> Proof:
        """Exchange the code and check the identity token; raises `IdentityError`."""
        known = await self._know(provider)
        try:
            async with self._client(provider, secret) as client:
                token = await client.fetch_token(
                    known.metadata["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            log.warning("code exchange with provider %s failed: %s", provider.id, type(error).__name__)
            raise _refused("provider_refused") from error
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise _refused("provider_refused")
        claims = await self._checked(provider, id_token, nonce=nonce, access_token=token.get("access_token"))
        return Proof(claims=claims, id_token=id_token)

    async def sign_out_url(self, provider: Provider, *, id_token: str, back: str) -> str | None:
        """Where the provider ends its own session (RP-initiated logout); None where it offers none."""
        try:
            known = await self._know(provider)
        except IdentityError:
            return None
        endpoint = known.metadata.get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        query = {"client_id": provider.client_id, "post_logout_redirect_uri": back, "state": secrets.token_urlsafe(16)}
        if id_token:
            query["id_token_hint"] = id_token
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def logout_claims(self, provider: Provider, token: str) -> Mapping[str, Any]:
        """Check a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6); raises `IdentityError`."""
        known = await self._know(provider)
        try:
            try:
                read = jwt.decode(token, known.keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                if time.monotonic() - known.at < RETRY_SECONDS:
                    raise
                known = await self._know(provider, newer_than=time.monotonic() - RETRY_SECONDS)
                read = jwt.decode(token, known.keys, algorithms=ALGORITHMS)
            _check_logout(provider, read.header, read.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("logout token of provider %s refused: %s", provider.id, type(error).__name__)
            raise _refused("token_refused") from error
        return dict(read.claims)

    def _client(self, provider: Provider, secret: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=provider.client_id,
            client_secret=secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106  # the name of a method
            scope=SCOPE,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            **self._network(provider),
        )

    def _network(self, provider: Provider) -> dict[str, Any]:
        loopback = urlsplit(provider.issuer).hostname in {"127.0.0.1", "localhost", "::1"}
        chosen: dict[str, Any] = {"timeout": TIMEOUT, "follow_redirects": False, "trust_env": not loopback}
        return chosen if self.transport is None else {**chosen, "transport": self.transport}

    async def _know(self, provider: Provider, *, newer_than: float = 0.0) -> _Known:
        at = time.monotonic()
        known = self._known.get(provider.issuer)
        if known is not None and at - known.at < FRESH_SECONDS and known.at >= newer_than:
            return known
        try:
            async with httpx2.AsyncClient(**self._network(provider)) as client:
                answer = await client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
                answer.raise_for_status()
                metadata = _sound(answer.json(), provider.issuer)
                answer = await client.get(metadata["jwks_uri"])
                answer.raise_for_status()
                keys = KeySet.import_key_set(answer.json())
        except (httpx2.HTTPError, JoseError, KeyError, TypeError, ValueError) as error:
            log.warning("provider %s does not answer as it should: %s", provider.id, type(error).__name__)
            if known is not None:
                return known
            raise _refused("provider_away") from error
        self._known[provider.issuer] = _Known(metadata=metadata, keys=keys, at=at)
        return self._known[provider.issuer]

    async def _checked(
        self, provider: Provider, id_token: str, *, nonce: str, access_token: str | None
    ) -> Mapping[str, Any]:
        known = await self._know(provider)
        try:
            try:
                token = jwt.decode(id_token, known.keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                if time.monotonic() - known.at < RETRY_SECONDS:
                    raise
                known = await self._know(provider, newer_than=time.monotonic() - RETRY_SECONDS)  # keys were rotated
                token = jwt.decode(id_token, known.keys, algorithms=ALGORITHMS)
            wanted: Any = {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            }
            params = {"nonce": nonce, "client_id": provider.client_id, "access_token": access_token}
            claims = CodeIDToken(token.claims, token.header, wanted, params)
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError) as error:
            log.warning("identity token of provider %s refused: %s", provider.id, type(error).__name__)
            raise _refused("token_refused") from error
        return dict(claims)


def _sound(metadata: Any, issuer: str) -> dict[str, Any]:
    """A discovery document that is about this issuer and whose addresses are as well protected as his."""
    if not isinstance(metadata, dict) or metadata.get("issuer") != issuer:
        raise ValueError("the discovery document names another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if urlsplit(metadata[name]).scheme not in {"https", urlsplit(issuer).scheme}:
            raise ValueError(f"{name} is not encrypted")
    return metadata


def claimed(token: str) -> tuple[str, tuple[str, ...]]:
    """Issuer and audience that a token claims, nothing of it checked: to find whose it is."""
    try:
        body = token.split(".")[1]
        held = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        issuer, audience = held["iss"], held["aud"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return "", ()
    return str(issuer), tuple(map(str, audience)) if isinstance(audience, list) else (str(audience),)


def _check_logout(provider: Provider, header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    event = claims["events"][LOGOUT_EVENT]
    now = time.time()
    sound = (
        header.get("typ", "JWT") in {"JWT", "logout+jwt"}
        and claims["iss"] == provider.issuer
        and provider.client_id in audience
        and isinstance(event, dict)
        and "nonce" not in claims
        and isinstance(claims["jti"], str)
        and (isinstance(claims.get("sub"), str) or isinstance(claims.get("sid"), str))
        and abs(now - float(claims["iat"])) <= LOGOUT_SECONDS
        and float(claims.get("exp", now)) >= now - LEEWAY
    )
    if not sound:
        raise ValueError("not a logout token for us")


def new_nonce() -> str:
    return secrets.token_urlsafe(32)


def new_verifier() -> str:
    """A PKCE verifier of 64 characters."""
    return secrets.token_urlsafe(48)


def _refused(code: str) -> IdentityError:
    words = {
        "provider_refused": "the identity provider did not confirm the sign-in",
        "provider_away": "the identity provider does not answer",
        "token_refused": "the identity token could not be verified",
    }
    return IdentityError(words[code], code=code, remedy="Try again; if it happens again, tell your administrator.")
