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
from portal.rooms import data_keys_of
from portal.storage import MemoryBlobs, Store
from portal.strongbox import PROVIDER, sealed_names
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
    clients: list[httpx2.Client] = field(default_factory=list)

    def client(self, **headers: str) -> httpx2.Client:
        client = httpx2.Client(
            base_url=self.url, headers={"accept": "text/html", **headers}, follow_redirects=False, trust_env=False
        )
        self.clients.append(client)
        return client

    def sign_in(self, realm: str, person: str, *, next_page: str = "/") -> httpx2.Client:
        """A browser that has signed in over the provider."""
        client = self.client()
        answer = self.walk(client, f"/auth/start?provider={realm}&next={next_page}", person)
        assert answer.status_code == 303, answer.text
        return client

    def walk(self, client: httpx2.Client, start: str, person: str) -> httpx2.Response:
        """From the start of a sign-in over the provider to the answer of our callback."""
        to_provider = client.get(start)
        assert to_provider.status_code == 303, to_provider.text
        choice = client.get(to_provider.headers["location"])
        link = next(part for part in choice.text.split('href="') if f"person={person}" in part.split('"')[0]).split(
            '"'
        )[0]
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
    site = Routes(portal=portal, more=list(idp.routes())).site()
    house = House(
        portal=portal,
        gate=Gate(portal=portal, streamlit=stand_in, site=site),
        idp=idp,
        clock=clock,
        url=f"http://127.0.0.1:{port}",
    )
    storage_accounts.seal_names(store, sealed_names(data_keys_of(store, portal.keys), at=clock()))
    for realm in REALMS:
        if portal.keys.status(realm.tenant).state == "missing":
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
    while house.clients:
        house.clients.pop().close()


# --- an installation without the web: what actions, storage and workers are tested on ---------------------------------


@dataclass
class Installation:
    """A store with folders, keys and a clock; `as_` gives the workspace of a made-up member."""

    root: Path
    store: Store
    keys: Any
    clock: Clock

    def as_(self, role: Role, tenant: str = "", *, who: str = "") -> Any:
        from portal.identity import TENANT_ROLES, VENDOR, Member
        from portal.workspace import Workspace

        home = tenant or ("north" if role in TENANT_ROLES else VENDOR)
        member = Member(
            id=who or f"{home}-{role}",
            tenant=home,
            role=role,
            subject=f"{role}@{home}",
            name=f"{role} of {home}",
            email=f"{role}@{home}.example",
        )
        return Workspace(member, self.store, self.keys, self.clock)

    def portal(self) -> Portal:
        settings = replace(Settings(mode="demo", data=self.root / "data"), keys=str(self.root / "keys"))
        return Portal(
            settings=settings, store=self.store, keys=self.keys, mailer=Outbox(clock=self.clock), now=self.clock
        )


def install(root: Path, url: str = "") -> Installation:
    from portal.storage import FolderBlobs
    from privacy.keys import LocalKeys

    data = root / "data"
    data.mkdir(parents=True)
    keys = LocalKeys(root / "keys", data_folder=data)
    store = Store.at(
        url or f"sqlite:///{data / 'mingsuan.sqlite3'}",
        FolderBlobs(data / "blobs"),
        witness=root / "keys" / "witness.txt",
    )
    return Installation(root=root, store=store, keys=keys, clock=Clock())


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = install(tmp_path)
    yield made
    made.store.close()


def plant_files(marker: str = "", *, weeks: int = 10, seed: int = 7) -> dict[str, tuple[str, bytes]]:
    """Files of a small plant by kind: three machines, stops that fit them, hourly counts; names carry `marker`."""
    import numpy as np

    rng = np.random.default_rng(seed)
    machines = [(f"{marker}cutter", 9.0, 6), (f"{marker}press", 10.0, 4), (f"{marker}packer", 8.0, 0)]
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    hours = weeks * 7 * 24
    stops, counts = ["machine,start,end,reason"], ["machine,start,end,produced,good"]
    for name, cycle, _ in machines:
        at, down = 0.0, np.zeros(hours)
        while True:
            at += rng.exponential(9_000.0)
            length = rng.lognormal(5.5, 0.7)
            if at + length >= hours * 3600:
                break
            start = begin + timedelta(seconds=round(at))
            stop = start + timedelta(seconds=round(length))
            reason = f"{marker}jam" if rng.random() < 0.7 else f"{marker}breakdown"
            stops.append(f"{name},{start:%Y-%m-%d %H:%M:%S},{stop:%Y-%m-%d %H:%M:%S},{reason}")
            down[min(int(at // 3600), hours - 1)] += length
            at += length
        for hour in range(hours):
            made = int(max(3600 - down[hour], 0) / cycle * 0.93)
            start = begin + timedelta(hours=hour)
            counts.append(
                f"{name},{start:%Y-%m-%d %H:%M:%S},{start + timedelta(hours=1):%Y-%m-%d %H:%M:%S},{made},{int(made * 0.97)}"
            )
    equipment = ["machine,ideal cycle time (s),servers,buffer,scrap (%)"]
    equipment += [f"{name},{cycle},1,{buffer},1" for name, cycle, buffer in machines]
    named = {"stops": stops, "counts": counts, "equipment": equipment}
    return {kind: (f"{marker}{kind}.csv", "\n".join(rows).encode()) for kind, rows in named.items()}


def upload_plant(workspace: Any, marker: str = "", **shape: int) -> list[Any]:
    """Bring a small plant's files in through the actions, with the mapping that is proposed."""
    from portal import actions_data

    views = []
    for kind, (name, data) in plant_files(marker, **shape).items():
        upload = actions_data.stage_upload(workspace, data, name=name)
        table = actions_data.read_upload(workspace, upload, kind=kind)["tables"][0]
        mapping = {column["header"]: column["field"] for column in table["columns"] if column["field"]}
        views.append(actions_data.upload_dataset(workspace, upload, mapping=mapping, kind=kind))
    return views


@dataclass(frozen=True)
class Plant:
    """The helpers above, for tests that need more than one installation or a longer life."""

    install: Any = field(default=install)
    files: Any = field(default=plant_files)
    upload: Any = field(default=upload_plant)


@pytest.fixture(scope="session")
def plant() -> Plant:
    return Plant()


@dataclass
class Valued:
    """An installation in which one tenant has a simulated scenario and every input of its value."""

    installation: Any
    owner: Any
    scenario: str


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valued]:
    """A tenant's own small plant up to its value, computed once for a file of tests."""
    from portal import actions_runs, actions_study, actions_value
    from portal.runner import Worker

    made = install(tmp_path_factory.mktemp("valued"))
    owner = made.as_(Role.OWNER)
    upload_plant(owner, weeks=6)
    actions_study.baseline(owner)
    actions_study.fit_line(owner)
    effects = {2: [0.4, 0.5, 0.6], 3: [0.3, 0.4, 0.5]}
    wish = {
        "id": "discrete-manufacturing/predictive-maintenance",
        "effects": effects,
        "start": 0,
        "t90": 1,
        "reason": "trial",
    }
    planned = actions_study.plan_scenario(owner, name="first", modules=[wish])
    actions_runs.run_study(owner, draws=8, months=6)
    worker = Worker(made.portal(), executor=map)
    while worker.once():
        pass
    actions_value.set_inputs(
        owner,
        {
            "contribution_margin": "0.1 / 0.25 / 0.5 CNY/piece",
            "sellable_extra": "10000 / 20000 / 30000 piece",
            "internal_hours": "80 / 120 / 200 person*h",
            "hourly_cost": 90,
            "price_once": "20000 CNY",
            "price_monthly": "100 CNY/month",
        },
    )
    yield Valued(installation=made, owner=owner, scenario=planned.id)
    made.store.close()
