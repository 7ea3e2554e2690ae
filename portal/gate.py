"""The gate: what every request and every websocket passes before any page, route or Streamlit sees it.

In this order: host, path, size, rate, origin, session. Who has no session sees the sign-in pages and nothing else; the
routes of Streamlit that are of no use to a person (metrics, agent) do not exist. Whose session ends, by sign-out,
revocation, idleness or age, in this process or another, loses every open tab within a second.

Streamlit learns who somebody is by one header that only the gate can set: `x-portal-sid`, the handle of the session.
The cookie itself never reaches a page.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.responses import RedirectResponse, Response

from portal import sessions
from portal.headers import guarded
from portal.limits import Buckets, TooLargeError, declared_length, limited
from portal.problems import cookie, header, problem, wants_page, where
from portal.sessions import Session
from portal.tabs import SIGN_IN_AGAIN, SIGNED_OUT, Tabs, by_hand, redirect_message
from portal.text import set_language, speaking
from portal.ways import RATES, STRANGER, TENANT, Access, Way, way_of
from portal.wiring import Portal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("mingsuan.gate")

SID_HEADER = b"x-portal-sid"
LANGUAGE_COOKIE = "mingsuan_language"
CACHE_SECONDS = 0.5
SMALL_BODY = 64 * 1024


def cookie_name(*, secure: bool) -> str:
    """The session cookie; behind TLS its name makes the browser enforce Secure, Path=/ and no Domain."""
    return "__Host-mingsuan" if secure else "mingsuan"


@dataclass(slots=True)
class Gate:
    """The outermost ASGI application: everything passes here."""

    portal: Portal
    streamlit: Application
    site: Application
    buckets: Buckets = field(default_factory=Buckets)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _known: dict[str, tuple[float, Session]] = field(default_factory=dict)
    _touched: dict[str, float] = field(default_factory=dict)
    tabs: Tabs = field(init=False)

    def __post_init__(self) -> None:
        self.tabs = Tabs(portal=self.portal, ended=self.forget)

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
        if session is not None:
            set_language(session.member.language)
        wait = self._wait(scope, way, session)
        if wait:
            self.counts["rate_limited"] += 1
            await self._refuse(scope, receive, send, 429, "too_often", retry=wait)
            return
        if scope["type"] == "http":
            most = self.portal.settings.upload_mb * 2**20 + SMALL_BODY if way.upload else SMALL_BODY
            most = min(most, way.most or most)
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
                self.tabs.leaving(session.id)
        if way.streamlit:
            await self.streamlit(scope, receive, send)
            return
        try:
            await self.site(scope, receive, send)
        except TooLargeError:
            raise
        except Exception as error:  # noqa: BLE001  # it was answered; its message may hold what nobody should read
            self.counts["faults"] += 1
            log.error("fault in %s: %s at %s", way.prefix, type(error).__name__, where(error))  # noqa: TRY400

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
        if way.any_origin and scope["type"] == "http":
            return None
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        site = header(scope, b"sec-fetch-site") or ""
        if scope["type"] == "websocket":
            return None if sent == [settings.origin] else (403, "wrong_origin")
        # our pages send no referrer, so browsers write "null" into the Origin of our own forms; what tells them from
        # others is Sec-Fetch-Site, which no page can set
        hidden = sent == ["null"] and (scope["method"] in {"GET", "HEAD"} or site == "same-origin")
        if sent and sent != [settings.origin] and not hidden:
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
            own = self.buckets.wait(f"{way.rate}:{session.id}", RATES[way.rate], at=at)
            return own or self.buckets.wait(f"tenant:{session.member.tenant}", TENANT, at=at)
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

    def forget_activity(self) -> None:
        """Note the next activity of every session at once."""
        self._touched.clear()

    async def _touch(self, session_id: str) -> None:
        """Note activity, at most once in a while: the exact second does not matter."""
        if not self._touch_is_due(session_id):
            return
        if len(self._touched) > 20_000:
            self._touched.clear()
        self._touched[session_id] = time.monotonic()
        await to_thread.run_sync(self._write_touch, session_id)

    def _touch_is_due(self, session_id: str) -> bool:
        return time.monotonic() - self._touched.get(session_id, -1e9) >= sessions.TOUCH_SECONDS

    def _write_touch(self, session_id: str) -> None:
        with self.portal.store.writing() as tx:
            sessions.touch(tx, session_id, now=self.portal.now())

    async def _no_session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A person is sent to the sign-in and will come back here; a program gets a plain refusal."""
        if scope["type"] == "websocket":
            await receive()
            if "streamlit" in scope.get("subprotocols", []):
                await send({"type": "websocket.accept", "subprotocol": "streamlit"})
                await send({"type": "websocket.send", "bytes": redirect_message(SIGN_IN_AGAIN)})
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
        with self.tabs.one(session.id, send) as tab:

            async def receive_here() -> Message:
                message = await receive()
                due = message["type"] == "websocket.receive" and self._touch_is_due(session.id)
                if due and by_hand(message.get("bytes") or b""):
                    await self._touch(session.id)
                return message

            async def send_here(message: Message) -> None:
                if not tab.thrown:
                    await send(message)

            await self.streamlit(scope, receive_here, send_here)

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
