"""A gate in front of a stand-in for Streamlit, on a real socket, with the demo's identity provider behind it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
import uvicorn

from portal import storage_accounts
from portal.api import Routes
from portal.demo_idp import REALMS, DemoProvider
from portal.gate import Gate
from portal.identity import Provider, Role, Tenant
from portal.mail import Outbox
from portal.storage import MemoryBlobs, Store
from portal.strongbox import PROVIDER
from portal.wiring import Portal, Settings
from privacy.keys import MemoryKeys


class Clock:
    """The real time, and as much more as a test wants."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def stand_in(scope: Any, receive: Any, send: Any) -> None:
    """Answers what it was told, as Streamlit would be told it."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    told = {key.decode(): value.decode("latin-1") for key, value in scope["headers"]}
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
        await send({"type": "websocket.send", "bytes": json.dumps(told).encode()})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "bytes": b"again"})
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


@dataclass
class House:
    """A running portal without Streamlit."""

    portal: Portal
    gate: Gate
    idp: DemoProvider
    clock: Clock
    url: str
    providers: dict[str, Provider] = field(default_factory=dict)

    def client(self, **headers: str) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.url, headers={"accept": "text/html", **headers}, follow_redirects=False, trust_env=False
        )

    def sign_in(self, realm: str, person: str, *, next_page: str = "/") -> httpx2.Client:
        """A browser that has signed in over the provider."""
        client = self.client()
        answer = walk(client, f"/auth/start?provider={realm}&next={next_page}", person)
        assert answer.status_code == 303, answer.text
        return client


def walk(client: httpx2.Client, start: str, person: str) -> httpx2.Response:
    """From the start of a sign-in over the provider to the answer of our callback."""
    to_provider = client.get(start)
    assert to_provider.status_code == 303, to_provider.text
    choice = client.get(to_provider.headers["location"])
    link = next(part for part in choice.text.split('href="') if f"person={person}" in part.split('"')[0]).split('"')[0]
    back = client.get(urljoin(str(choice.url), unescape(link)))
    return client.get(back.headers["location"])


def open_house(folder: Path, **settings: Any) -> tuple[House, uvicorn.Server, threading.Thread]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock = Clock()
    chosen = replace(Settings(mode="demo", port=port, data=folder, upload_mb=1), **settings)
    store = Store.at(f"sqlite:///{folder / 'test.sqlite3'}", MemoryBlobs())
    portal = Portal(settings=chosen, store=store, keys=MemoryKeys(), mailer=Outbox(clock=clock), now=clock)
    idp = DemoProvider(origin=f"http://127.0.0.1:{port}")
    site = Routes(portal=portal, pages={"start", "data"}, more=list(idp.routes())).site()
    house = House(
        portal=portal,
        gate=Gate(portal=portal, streamlit=stand_in, site=site),
        idp=idp,
        clock=clock,
        url=f"http://127.0.0.1:{port}",
    )
    for realm in REALMS:
        portal.keys.create_key(realm.tenant, at=clock())
        with portal.store.writing() as tx:
            storage_accounts.add_tenant(tx, Tenant(id=realm.tenant, name=realm.title["en"]), now=clock())
    for realm in REALMS:
        row = Provider(
            id=realm.id,
            tenant=realm.tenant,
            title=realm.title["en"],
            issuer=idp.issuer(realm),
            client_id=idp.client_id,
            sealed_secret=portal.strongbox.seal(idp.client_secret, kind=PROVIDER, row=realm.id),
            roles={str(role): role for role in Role},
            tenant_claim="org",
            tenant_value=realm.tenant,
            domains=(f"{realm.id}.example",),
            listed=True,
        )
        house.providers[realm.id] = row
        with portal.store.writing() as tx:
            storage_accounts.put_provider(tx, row, now=clock())

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with house.gate.tabs.watching():
                await house.gate(scope, receive, send)
        else:
            await house.gate(scope, receive, send)

    server = uvicorn.Server(
        uvicorn.Config(application, port=port, log_level="error", ws="websockets-sansio", server_header=False)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.02)
    return house, server, thread


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened, server, thread = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    server.should_exit = True
    thread.join(timeout=10)
    opened.portal.store.close()


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test begins with the right time and full buckets."""
    if "house" not in request.fixturenames:
        yield
        return
    house: House = request.getfixturevalue("house")
    house.gate.buckets.clear()
    yield
    house.clock.ahead = timedelta()
    house.gate.forget()
