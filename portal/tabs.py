"""The open tabs: every websocket by its session, and the watch that throws out those whose session has ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal import sessions
from portal.wiring import Portal

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("mingsuan.tabs")

WATCH_SECONDS = 0.4
LEAVING_SECONDS = 0.6  # a tab that signs out itself gets this long to go where it was sent
SIGNED_OUT = 4401  # close code of a websocket whose session has ended
SIGN_IN_AGAIN = "/auth/sign-in?ended=1"


@dataclass(slots=True, eq=False)
class Tab:
    """One open websocket."""

    send: Send
    thrown: bool = False


@dataclass(slots=True)
class Tabs:
    """All open tabs of this process."""

    portal: Portal
    ended: Callable[[], None] = lambda: None  # called when a session was found to have ended
    thrown_out: int = 0
    _open: dict[str, set[Tab]] = field(default_factory=dict)
    _leaving: dict[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(len(tabs) for tabs in self._open.values())

    @contextlib.contextmanager
    def one(self, session_id: str, send: Send) -> Iterator[Tab]:
        """A tab, known for as long as the block runs."""
        tab = Tab(send=send)
        self._open.setdefault(session_id, set()).add(tab)
        try:
            yield tab
        finally:
            tabs = self._open.get(session_id, set())
            tabs.discard(tab)
            if not tabs:
                self._open.pop(session_id, None)

    def leaving(self, session_id: str) -> None:
        """One of this session's tabs is about to sign out: let it get away before the others are told."""
        self._leaving[session_id] = time.monotonic()

    async def throw_out(self, session_id: str) -> None:
        """Send every tab of a session to the sign-in and close it."""
        for tab in list(self._open.get(session_id, ())):
            if tab.thrown:
                continue
            tab.thrown = True
            self.thrown_out += 1
            with contextlib.suppress(Exception):  # the tab may be gone already
                await tab.send({"type": "websocket.send", "bytes": redirect_message(SIGN_IN_AGAIN)})
                await tab.send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})

    async def watch(self) -> None:
        """For ever: find the sessions that have ended, here or in another process, and throw their tabs out."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            watched = set(self._open)
            if not watched:
                continue
            try:
                living = await to_thread.run_sync(self._living, watched)
            except Exception as error:  # noqa: BLE001  # the database may be away for a moment
                log.warning("cannot check sessions: %s", type(error).__name__)
                continue
            at = time.monotonic()
            if watched - living:
                self.ended()
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
