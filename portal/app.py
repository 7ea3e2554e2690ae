"""The one ASGI application (gate, routes, Streamlit) and the launcher of web and worker processes.

uvicorn binds the socket itself: a socket that is handed to it keeps Nagle's algorithm and each quick rerun then waits
40 ms. Workers are started as programs of their own, never forked: a fork would keep every browser's connection open.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from anyio import to_thread
from starlette.formparsers import MultiPartParser
from starlette.routing import BaseRoute
from streamlit import config as streamlit_config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.pages_manager import PagesManager

from portal import storage_accounts, ui
from portal.api import Routes
from portal.clouds import in_folder
from portal.custody import lock_signed_out
from portal.gate import Gate
from portal.identity import VENDOR, VENDOR_ROLES, Provider, Role, Tenant
from portal.mail import Outbox
from portal.occupied import occupied
from portal.outgoing import send_waiting
from portal.rooms import data_keys_of
from portal.secrets_held import Held, Secrets, as_line
from portal.strongbox import PROVIDER
from portal.wiring import Portal, Settings, SettingsError, build, child_environment, read_settings, use
from privacy.keys import KeyUnavailable

log = logging.getLogger("mingsuan.app")

SCRIPT = Path(__file__).with_name("ui.py")
COLLECT_SECONDS = 60.0  # instead of after every script run, as Streamlit would
MAIL_SECONDS = 2.0
LOCK_SECONDS = 2.0
"""How soon after its last sign-out a tenant that holds its own key is locked."""
WORKER = "portal.worker"


def create_app(portal: Portal, *, more: list[BaseRoute] | None = None) -> Gate:
    """The application for these parts. There can be one in a process: Streamlit's configuration is global."""
    MultiPartParser.spool_max_size = (portal.settings.upload_mb + 1) * 2**20  # never to a temporary file in the clear

    def show_mail() -> None:
        if isinstance(portal.mailer, Outbox):
            send_waiting(portal.store, portal.keys, portal.mailer, portal.now)

    def lock() -> None:
        lock_signed_out(portal.store, data_keys_of(portal.store, portal.keys), portal.now)

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        watch = _often(LOCK_SECONDS, lock)
        async with gate.tabs.watching(), _often(COLLECT_SECONDS, gc.collect), _often(MAIL_SECONDS, show_mail), watch:
            gc.collect()
            gc.freeze()
            yield

    inner = st.App(SCRIPT, lifespan=lifespan, on_script_error=ui.failed)
    keep_values_out_of_the_log()  # after st.App, which says where config.toml is: reading any option before loses it
    PagesManager.uses_pages_directory = False  # else the first visit to anything but "/" shows everybody's pages
    streamlit_config.set_option("server.maxUploadSize", portal.settings.upload_mb)
    streamlit_config.set_option("server.port", portal.settings.port)
    work_out_the_theme_once()
    site = Routes(portal=portal, more=more or []).site()
    gate = Gate(portal=portal, streamlit=inner, site=site)
    return gate


def keep_values_out_of_the_log() -> None:
    """Streamlit writes every fault of a page with its message, which can hold values; `ui.failed` writes the place."""
    streamlit_config.set_option("logger.enableRich", False)
    logging.getLogger("streamlit.error_util").addFilter(_never)


def work_out_the_theme_once() -> None:
    """Streamlit works the theme out for every rerun, an eighth of an empty page; it never changes while we run."""
    compute = app_session._populate_theme_msg  # noqa: SLF001  # guarded by a test, and by the pinned version
    known: dict[str, CustomThemeConfig] = {}

    def populate(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in known:
            fresh = CustomThemeConfig()
            compute(fresh, section)
            known[section] = fresh
        if known[section].ByteSize():
            msg.MergeFrom(known[section])

    app_session._populate_theme_msg = populate  # noqa: SLF001  # as above


def _never(record: logging.LogRecord) -> bool:
    del record
    return False


@contextlib.asynccontextmanager
async def _often(seconds: float, work: Callable[[], object]) -> AsyncIterator[None]:
    """Do something in a thread, again and again, while the block runs."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await to_thread.run_sync(work)
            except Exception as error:  # noqa: BLE001  # the next time may go well
                log.warning("%s failed: %s", getattr(work, "__name__", "work"), type(error).__name__)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


# --- starting --------------------------------------------------------------------------------------------------------


def announce(line: str) -> None:
    """Print a line at once, also where the output is a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_demo(*, port: int | None = None, host: str | None = None, say: Callable[[str], None] = announce) -> None:
    """Run the whole portal for a try: demo people, sample data, one machine. Returns after Ctrl-C."""
    settings = read_settings(mode="demo", host=host, port=_port(port))
    portal = use(build(settings))
    from portal.demo import demo_routes, seed  # noqa: PLC0415  # production never imports the demo's provider

    provider = seed(portal)
    _serve(portal, demo_routes(provider), say)


def run_serve(settings: Settings, *, say: Callable[[str], None] = announce) -> None:
    """Run the portal in production; raises `SettingsError` where something essential is missing."""
    settings = replace(settings, mode="serve")
    check_production(settings)
    portal = use(build(settings))
    ensure_vendor(portal)
    register_vendor_provider(portal)
    with portal.store.reading() as tx:
        ours = [one for one in storage_accounts.all_providers(tx, tenant_id=VENDOR) if one.active and one.sealed_secret]
    if not ours:
        raise SettingsError(
            "no identity provider of the vendor is registered",
            code="no_provider",
            place="providers",
            remedy="Set MINGSUAN_VENDOR_ISSUER, _CLIENT_ID and _CLIENT_SECRET; nobody could sign in without it.",
        )
    _serve(portal, [], say)


def check_production(settings: Settings) -> None:
    """Refuse to start without a public address under TLS, real keys and a mail server."""
    if not settings.url:
        raise SettingsError(
            "the portal does not know its own address",
            code="no_public_address",
            place="MINGSUAN_URL",
            remedy="Set it to the address people type, such as https://portal.example.com.",
        )
    if not settings.secure:
        raise SettingsError(
            "the portal's address is not encrypted",
            code="not_encrypted",
            place="MINGSUAN_URL",
            remedy="Put the portal behind TLS and give its https address.",
        )
    if in_folder(settings.keys) and not any(Path(settings.keys).glob("*")):
        raise SettingsError(
            "there are no keys yet",
            code="no_keys",
            place="MINGSUAN_KEYS",
            remedy="Run `mingsuan keys init` once, and keep the key folder apart from the data.",
        )
    if not settings.smtp:
        raise SettingsError(
            "there is no mail server",
            code="no_mail_server",
            place="MINGSUAN_SMTP",
            remedy="Set it, such as smtps://user:password@mail.example.com:465.",
        )


def ensure_vendor(portal: Portal) -> None:
    """The vendor's tenant and its key are there from the first start."""
    with portal.store.writing() as tx:
        if storage_accounts.tenant(tx, VENDOR) is None:
            name = portal.settings.vendor_name
            storage_accounts.add_tenant(tx, Tenant(id=VENDOR, name=name), now=portal.now())
    if portal.keys.status(VENDOR).state == "missing":
        with contextlib.suppress(KeyUnavailable):  # another process was quicker
            portal.keys.create_key(VENDOR, at=portal.now())


def register_vendor_provider(portal: Portal) -> None:
    """Take the vendor's provider from the settings: the first administrator must be able to sign in."""
    settings = portal.settings
    if not (settings.vendor_issuer and settings.vendor_client_id and settings.vendor_client_secret):
        return
    provider = Provider(
        id=VENDOR,
        tenant=VENDOR,
        title=settings.vendor_name,
        issuer=settings.vendor_issuer,
        client_id=settings.vendor_client_id,
        sealed_secret=portal.strongbox.seal(settings.vendor_client_secret, kind=PROVIDER, row=VENDOR),
        role_claim=settings.vendor_role_claim,
        roles={str(role): role for role in Role if role in VENDOR_ROLES},
        domains=tuple(one.strip().lower() for one in settings.vendor_domains.split(",") if one.strip()),
        listed=True,
    )
    with portal.store.writing() as tx:
        storage_accounts.put_provider(tx, provider, now=portal.now())


def _port(wanted: int | None) -> int | None:
    """Port 0 means any free one; it must be known before the start, for it is part of our own address."""
    if wanted != 0:
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server(uvicorn.Server):
    """uvicorn, which says when the first page can be served."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def _serve(portal: Portal, more: list[BaseRoute], say: Callable[[str], None]) -> None:
    settings = portal.settings
    ensure_vendor(portal)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"port {settings.port} is in use",
                code="port_taken",
                place="port",
                remedy="Stop the other program, or choose another port with --port.",
                port=settings.port,
            ) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "authlib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    app = create_app(portal, more=more)
    options = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # paths can hold tokens of links
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        ws="websockets-sansio",
        ws_max_size=16 * 2**20,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=32 * 1024,
        limit_concurrency=2000,
    )
    signal.signal(signal.SIGTERM, _leave)
    with occupied(settings.data) as free:
        if not free:
            raise SettingsError(
                "the installation is being restored",
                code="being_restored",
                place="MINGSUAN_DATA",
                remedy="Wait until `mingsuan restore` has ended, then start again.",
            )
        _run(portal, options, say)


def _run(portal: Portal, options: uvicorn.Config, say: Callable[[str], None]) -> None:
    settings = portal.settings
    with (
        _workers(settings, data_keys_of(portal.store, portal.keys).secrets),
        contextlib.suppress(KeyboardInterrupt, SystemExit),
    ):
        _Server(options, lambda: say(f"ready {settings.origin}")).run()


def _leave(number: int, frame: object) -> None:
    """End by an exception, so that the workers are ended too."""
    del number, frame
    raise SystemExit(0)


@contextlib.contextmanager
def _workers(settings: Settings, secrets: Secrets) -> Iterator[None]:
    """Worker processes beside the block, each a program of its own; one that dies is started again.

    They are told of the secrets of tenants that hold their own key as long as those are held here.
    """
    running = [_start_worker(settings) for _ in range(settings.workers)]
    leaving = threading.Event()

    def tell(tenant: str, held: Held | None) -> None:
        for worker in running:
            _tell(worker, tenant, held)

    secrets.listen(tell)

    def mind() -> None:
        while not leaving.wait(2.0):
            for place, worker in enumerate(running):
                if worker.poll() is not None:
                    log.warning("a worker ended with status %s and is started again", worker.returncode)
                    fresh = running[place] = _start_worker(settings)  # from here on it hears every change
                    secrets.tell(functools.partial(_tell, fresh))

    minder = threading.Thread(target=mind, name="worker-minder", daemon=True)
    minder.start()
    try:
        yield
    finally:
        leaving.set()
        minder.join()
        for worker in running:
            worker.terminate()
        for worker in running:
            try:
                worker.wait(timeout=5)
            except subprocess.TimeoutExpired:
                worker.kill()


def _start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """Start one; it ends by itself when its standard input closes, that is when we die."""
    command = [sys.executable, "-m", WORKER]
    return subprocess.Popen(command, env=child_environment(settings), stdin=subprocess.PIPE)  # noqa: S603  # fixed words


def _tell(worker: subprocess.Popen[bytes], tenant: str, held: Held | None) -> None:
    """Write a line to a worker; one that has died gets it when it is started again."""
    if worker.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            worker.stdin.write(as_line(tenant, held))
            worker.stdin.flush()
