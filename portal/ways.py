"""The ways in: which paths there are, who may ask for them, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.limits import Rate


class Access(StrEnum):
    """Who may ask for a path."""

    PUBLIC = "public"  # anybody
    SESSION = "session"  # who is signed in
    TOKEN = "token"  # a machine with a bearer token; cookies are taken away  # noqa: S105
    SHUT = "shut"  # nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the paths with one beginning are treated."""

    prefix: str
    access: Access
    streamlit: bool = False
    upload: bool = False
    most: int = 0  # bytes of a body, where it is less than uploads in general
    rate: str = "general"
    immutable: bool = False
    any_host: bool = False
    any_origin: bool = False  # a POST that mail services send by themselves, RFC 8058


WAYS: tuple[Way, ...] = (
    Way(prefix="/healthz", access=Access.PUBLIC, any_host=True),
    Way(prefix="/readyz", access=Access.PUBLIC, any_host=True),
    Way(prefix="/metrics", access=Access.PUBLIC, any_host=True),
    Way(prefix="/auth/backchannel-logout", access=Access.TOKEN, rate="api"),  # a provider, by a signed token
    Way(prefix="/auth/", access=Access.PUBLIC, rate="doors"),
    Way(prefix="/s/", access=Access.PUBLIC, rate="doors"),
    Way(prefix="/u/", access=Access.PUBLIC, rate="doors", any_origin=True),
    Way(prefix="/verify", access=Access.PUBLIC, upload=True, most=21 * 2**20, rate="doors"),
    Way(prefix="/shell/", access=Access.PUBLIC),
    Way(prefix="/favicon", access=Access.PUBLIC),
    Way(prefix="/idp/", access=Access.PUBLIC),  # exists in the demo only
    Way(prefix="/outbox", access=Access.PUBLIC),  # exists in the demo only
    Way(prefix="/api/", access=Access.TOKEN, upload=True, rate="api"),
    Way(prefix="/files/", access=Access.SESSION, upload=True),
    Way(prefix="/_stcore/stream", access=Access.SESSION, streamlit=True, rate="sockets"),
    Way(prefix="/_stcore/health", access=Access.SESSION, streamlit=True),
    Way(prefix="/_stcore/host-config", access=Access.SESSION, streamlit=True),
    Way(prefix="/_stcore/upload_file/", access=Access.SESSION, streamlit=True, upload=True),
    Way(prefix="/_stcore/bidi-components/", access=Access.SESSION, streamlit=True),
    Way(prefix="/_stcore", access=Access.SHUT),
    Way(prefix="/media/", access=Access.SESSION, streamlit=True),
    Way(prefix="/component/", access=Access.SESSION, streamlit=True),
    Way(prefix="/static/", access=Access.SESSION, streamlit=True, immutable=True),
    Way(prefix="/", access=Access.SESSION),
)

RATES: dict[str, Rate] = {
    "general": Rate(burst=600, per_second=40),
    "doors": Rate(burst=120, per_second=2),
    "api": Rate(burst=200, per_second=20),
    "sockets": Rate(burst=60, per_second=2),
}
STRANGER = Rate(burst=300, per_second=20)  # requests without a session, by address
TENANT = Rate(burst=4000, per_second=250)  # all people of one tenant together, so that none starves the others


def way_of(path: str) -> Way:
    return next(way for way in WAYS if path.startswith(way.prefix))
