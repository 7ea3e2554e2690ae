"""The gate: what every request and every websocket passes before any page, route or Streamlit sees it.

In this order: host, path, size, rate, origin, session. Who has no session sees the sign-in pages and nothing else; the
routes of Streamlit that are of no use to a person (metrics, agent) do not exist. Whose session ends, by sign-out,
revocation, idleness or age, in this process or another, loses every open tab within a second.

Streamlit learns who somebody is by one header that only the gate can set: `x-portal-sid`, the handle of the session.
The cookie itself never reaches a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.responses import JSONResponse, RedirectResponse, Response
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal import sessions
from portal.headers import guarded
from portal.limits import Buckets, Rate, TooLargeError, declared_length, limited, retry_after
from portal.sessions import Session
from portal.text import speaking, t
from portal.wiring import Portal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("mingsuan.gate")

SID_HEADER = b"x-portal-sid"
LANGUAGE_COOKIE = "mingsuan_language"
WATCH_SECONDS = 0.4
LEAVING_SECONDS = 0.6  # a tab that signs out itself gets this long to go where it was sent
CACHE_SECONDS = 0.5
SIGNED_OUT = 4401  # close code of a websocket whose session has ended
SMALL_BODY = 64 * 1024


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
    rate: str = "general"
    immutable: bool = False
    any_host: bool = False


WAYS: tuple[Way, ...] = (
    Way(prefix="/healthz", access=Access.PUBLIC, any_host=True),
    Way(prefix="/readyz", access=Access.PUBLIC, any_host=True),
    Way(prefix="/metrics", access=Access.PUBLIC, any_host=True),
    Way(prefix="/auth/", access=Access.PUBLIC, rate="doors"),
    Way(prefix="/s/", access=Access.PUBLIC, rate="doors"),
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
    "doors": Rate(burst=60, per_second=1),
    "api": Rate(burst=200, per_second=20),
    "sockets": Rate(burst=60, per_second=2),
}
STRANGER = Rate(burst=300, per_second=20)  # requests without a session, by address


def way_of(path: str) -> Way:
    return next(way for way in WAYS if path.startswith(way.prefix))


def cookie_name(*, secure: bool) -> str:
    """The session cookie; behind TLS its name makes the browser enforce Secure, Path=/ and no Domain."""
    return "__Host-mingsuan" if secure else "mingsuan"


@dataclass(slots=True, eq=False)
class Tab:
    """One open websocket."""

    send: Send
    thrown: bool = False


@dataclass(slots=True)
class Gate:
    """The outermost ASGI application: everything passes here."""

    portal: Portal
    streamlit: Application
    site: Application
    buckets: Buckets = field(default_factory=Buckets)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _tabs: dict[str, set[Tab]] = field(default_factory=dict)
    _known: dict[str, tuple[float, Session]] = field(default_factory=dict)
    _touched: dict[str, float] = field(default_factory=dict)
    _leaving: dict[str, float] = field(default_factory=dict)

    @property
    def open_tabs(self) -> int:
        return sum(len(tabs) for tabs in self._tabs.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.streamlit(scope, receive, send)
            return
        settings = self.portal.settings
        path: str = scope["path"]
        way = way_of(path)
        scope["portal_gate"] = self
        app_page = way.streamlit or way.prefix == "/"
        send = guarded(send, app_page=app_page, secure=settings.secure, immutable=way.immutable)
        self.counts["requests"] += 1
        with speaking(cookie(scope, LANGUAGE_COOKIE) or header(scope, b"accept-language") or ""):
            try:
                await self._pass(scope, receive, send, way)
            except TooLargeError:
                self.counts["too_large"] += 1
                with contextlib.suppress(RuntimeError):  # the answer may have begun
                    await self._refuse(scope, receive, send, 413, "too_large")

    async def _pass(self, scope: Scope, receive: Receive, send: Send, way: Way) -> None:
        refusal = self._wrong_address(scope, way)
        if isinstance(refusal, Response):
            await refusal(scope, receive, send)
            return
        if refusal:
            await self._refuse(scope, receive, send, *refusal)
            return
        if way.access is Access.SHUT:
            await self._refuse(scope, receive, send, 404, "not_found")
            return
        session = None
        if way.access is not Access.TOKEN:
            session = await self._session(scope)
        wait = self._wait(scope, way, session)
        if wait:
            self.counts["rate_limited"] += 1
            await self._refuse(scope, receive, send, 429, "too_often", retry=wait)
            return
        if scope["type"] == "http":
            most = self.portal.settings.upload_mb * 2**20 + SMALL_BODY if way.upload else SMALL_BODY
            declared = declared_length(scope["headers"])
            if declared is not None and (declared < 0 or declared > most):
                status, code = (400, "bad_request") if declared < 0 else (413, "too_large")
                await self._refuse(scope, receive, send, status, code)
                return
            receive = limited(receive, most=most)
        if way.access is Access.SESSION and session is None:
            await self._no_session(scope, receive, send)
            return
        scope["portal_session"] = session
        scope["headers"] = self._cleaned(scope, way, session)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, session)
            return
        if session is not None:
            await self._touch(session.id)
            if scope["path"] == "/auth/sign-out":
                self._leaving[session.id] = time.monotonic()
        await (self.streamlit if way.streamlit else self.site)(scope, receive, send)

    # --- address, origin, path ---------------------------------------------------------------------------------------

    def _wrong_address(self, scope: Scope, way: Way) -> tuple[int, str] | Response | None:
        """Host, path and origin: None when all is well, else the refusal (or where to go instead)."""
        settings = self.portal.settings
        origin = urlsplit(settings.origin)
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if hosts != [origin.netloc] and not (way.any_host and len(hosts) == 1):
            plain_visit = scope["type"] == "http" and scope["method"] == "GET" and way.access is not Access.TOKEN
            if settings.demo and plain_visit and hosts == [f"localhost:{origin.port}"]:
                return RedirectResponse(settings.origin + quote(scope["path"]), status_code=307)
            return 421, "wrong_host"
        path: str = scope["path"]
        if len(path) > 2000 or (
            path != "/" and any(part in f"{path}/" for part in ("//", "\\", "/../", "/./", "\x00"))
        ):
            return 400, "bad_request"
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        site = header(scope, b"sec-fetch-site") or ""
        if scope["type"] == "websocket":
            return None if sent == [settings.origin] else (403, "wrong_origin")
        if sent and sent != [settings.origin] and not (sent == ["null"] and scope["method"] in {"GET", "HEAD"}):
            return 403, "wrong_origin"
        changes = scope["method"] not in {"GET", "HEAD", "OPTIONS"}
        if changes and way.access is not Access.TOKEN and not path.startswith("/idp/"):
            if not sent and site != "same-origin":
                return 403, "wrong_origin"
        elif site in {"cross-site", "same-site"} and header(scope, b"sec-fetch-mode") != "navigate":
            return 403, "wrong_origin"
        return None

    def _wait(self, scope: Scope, way: Way, session: Session | None) -> float:
        """Seconds until this caller may ask again; people who are signed in are counted apart from their address."""
        address = (scope.get("client") or ("?", 0))[0]
        at = time.monotonic()
        if session is not None:
            return self.buckets.wait(f"{way.rate}:{session.id}", RATES[way.rate], at=at)
        return self.buckets.wait(f"stranger:{address}", STRANGER, at=at) or self.buckets.wait(
            f"{way.rate}:{address}", RATES[way.rate], at=at
        )

    def _cleaned(self, scope: Scope, way: Way, session: Session | None) -> list[tuple[bytes, bytes]]:
        """The headers without what only we may say, and for Streamlit without the session's cookie."""
        name = cookie_name(secure=self.portal.settings.secure)
        kept: list[tuple[bytes, bytes]] = []
        for key, value in scope["headers"]:
            if key.startswith(b"x-portal-"):
                continue
            if key == b"cookie":
                if way.access is Access.TOKEN:
                    continue
                if way.streamlit:
                    pairs = value.decode("latin-1").split(";")
                    rest = [pair for pair in pairs if pair.strip().partition("=")[0] != name]
                    kept.append((key, ";".join(rest).strip().encode("latin-1")))
                    continue
            kept.append((key, value))
        if session is not None and way.streamlit:
            kept.append((SID_HEADER, session.id.encode()))
        return kept

    # --- sessions ----------------------------------------------------------------------------------------------------

    async def _session(self, scope: Scope) -> Session | None:
        token = cookie(scope, cookie_name(secure=self.portal.settings.secure))
        if not token or len(token) > 100:
            return None
        at = time.monotonic()
        known = self._known.get(token)
        if known is not None and at - known[0] < CACHE_SECONDS:
            return known[1]
        session = await to_thread.run_sync(self._look_up, token)
        if session is None:
            self._known.pop(token, None)
            return None
        if len(self._known) > 5000:
            self._known.clear()
        self._known[token] = (at, session)
        return session

    def _look_up(self, token: str) -> Session | None:
        with self.portal.store.reading() as tx:
            return sessions.session_by_token(tx, token, now=self.portal.now())

    def forget(self) -> None:
        """Look sessions up afresh from now on: somebody signed in or out."""
        self._known.clear()

    async def _touch(self, session_id: str) -> None:
        """Note activity, at most once in a while: the exact second does not matter."""
        at = time.monotonic()
        if at - self._touched.get(session_id, -1e9) < sessions.TOUCH_SECONDS:
            return
        if len(self._touched) > 20_000:
            self._touched.clear()
        self._touched[session_id] = at
        await to_thread.run_sync(self._write_touch, session_id)

    def _write_touch(self, session_id: str) -> None:
        with self.portal.store.writing() as tx:
            sessions.touch(tx, session_id, now=self.portal.now())

    async def _no_session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A person is sent to the sign-in and will come back here; a program gets a plain refusal."""
        if scope["type"] == "websocket":
            await receive()
            if "streamlit" in scope.get("subprotocols", []):
                await send({"type": "websocket.accept", "subprotocol": "streamlit"})
                await send({"type": "websocket.send", "bytes": redirect_message("/auth/sign-in?ended=1")})
                await send({"type": "websocket.close", "code": SIGNED_OUT})
            else:
                await send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        if scope["method"] in {"GET", "HEAD"} and wants_page(scope):
            query = scope.get("query_string", b"").decode("latin-1")
            wanted = quote(scope["path"]) + (f"?{query}" if query else "")
            target = "/auth/sign-in" + ("" if wanted == "/" else f"?next={quote(wanted, safe='')}")
            await RedirectResponse(target, status_code=303)(scope, receive, send)
            return
        await self._refuse(scope, receive, send, 401, "sign_in_first")

    # --- websockets --------------------------------------------------------------------------------------------------

    async def _socket(self, scope: Scope, receive: Receive, send: Send, session: Session | None) -> None:
        assert session is not None
        tab = Tab(send=send)
        self._tabs.setdefault(session.id, set()).add(tab)

        async def receive_here() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not tab.thrown:
                due = time.monotonic() - self._touched.get(session.id, -1e9) >= sessions.TOUCH_SECONDS
                if due and by_hand(message.get("bytes") or b""):
                    await self._touch(session.id)
            return message

        async def send_here(message: Message) -> None:
            if not tab.thrown:
                await send(message)

        try:
            await self.streamlit(scope, receive_here, send_here)
        finally:
            tabs = self._tabs.get(session.id, set())
            tabs.discard(tab)
            if not tabs:
                self._tabs.pop(session.id, None)

    async def throw_out(self, session_id: str) -> None:
        """Send every tab of a session to the sign-in and close it."""
        for tab in list(self._tabs.get(session_id, ())):
            if tab.thrown:
                continue
            tab.thrown = True
            self.counts["thrown_out"] += 1
            with contextlib.suppress(Exception):  # the tab may be gone already
                await tab.send({"type": "websocket.send", "bytes": redirect_message("/auth/sign-in?ended=1")})
                await tab.send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})

    async def watch(self) -> None:
        """For ever: find the sessions that have ended, here or in another process, and throw their tabs out."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            watched = set(self._tabs)
            if not watched:
                continue
            try:
                living = await to_thread.run_sync(self._living, watched)
            except Exception as error:  # noqa: BLE001  # the database may be away for a moment
                log.warning("cannot check sessions: %s", type(error).__name__)
                continue
            at = time.monotonic()
            for session_id in watched - living:
                if at - self._leaving.get(session_id, -1e9) >= LEAVING_SECONDS:
                    await self.throw_out(session_id)
            self._leaving = {key: since for key, since in self._leaving.items() if at - since < 60}

    def _living(self, session_ids: set[str]) -> set[str]:
        with self.portal.store.reading() as tx:
            return sessions.living_sessions(tx, session_ids, now=self.portal.now())

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Run `watch` beside the block."""
        task = asyncio.create_task(self.watch(), name="session-watch")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # --- refusals ----------------------------------------------------------------------------------------------------

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, status: int, code: str, *, retry: float = 0.0
    ) -> None:
        self.counts[f"refused_{status}"] += 1
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await problem(status, code, retry=retry)(scope, receive, send)


# --- small parts -----------------------------------------------------------------------------------------------------


def header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def cookie(scope: Scope, name: str) -> str | None:
    """A cookie's value; None where there is none or several of that name (somebody planted one)."""
    found = []
    for pair in ";".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            found.append(value.strip('"'))
    return found[0] if len(found) == 1 else None


def wants_page(scope: Scope) -> bool:
    return "text/html" in (header(scope, b"accept") or "") or header(scope, b"sec-fetch-mode") == "navigate"


def by_hand(data: bytes) -> bool:
    """Whether a message from a tab comes from a person, not from a page that refreshes itself."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except Exception:  # noqa: BLE001  # Streamlit answers it; to us it is not a person
        return False
    return message.WhichOneof("type") == "rerun_script" and not message.rerun_script.is_auto_rerun


def redirect_message(url: str) -> bytes:
    """What makes Streamlit's front end go to another address."""
    message = ForwardMsg()
    message.auth_redirect.url = url
    return bytes(message.SerializeToString())


def problem(status: int, code: str, *, retry: float = 0.0, **more: object) -> Response:
    """A problem document (RFC 9457): what is wrong and what to do, never a trace."""
    body = {
        "type": f"urn:mingsuan:problem:{code}",
        "title": t(f"errors_portal.{code}.message"),
        "status": status,
        "detail": t(f"errors_portal.{code}.remedy"),
        "code": code,
        **more,
    }
    headers = {"Retry-After": retry_after(retry).decode()} if retry else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
