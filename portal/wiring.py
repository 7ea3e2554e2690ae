"""Settings from the environment, and the one place where the real parts are chosen and put together.

`portal()` gives the one `Portal` of this process; web and worker processes each build their own from the same
environment. Nothing else in the product reads the environment or the clock.
"""

from __future__ import annotations

import contextlib
import os
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal import (
    executors,
    sessions,  # noqa: F401  # its tables must be known before they are created
    storage_acceptances,  # noqa: F401  # as above
    storage_benchmark,  # noqa: F401  # as above
    storage_contacts,  # noqa: F401  # as above
    storage_recalls,  # noqa: F401  # as above
    storage_reviews,  # noqa: F401  # as above
    storage_service,  # noqa: F401  # as above
    storage_statements,  # noqa: F401  # as above
)
from portal.clouds import key_service
from portal.identity import Member
from portal.mail import Mailer, Outbox, SmtpServer
from portal.object_blobs import ObjectBlobs
from portal.rooms import data_keys_of
from portal.shelf import keep_packs_in
from portal.storage import FolderBlobs, Store, create_engine
from portal.storage_accounts import mark_all, seal_names
from portal.storage_isolation import isolated
from portal.storage_schema import prepare
from portal.strongbox import Strongbox, sealed_names
from portal.workspace import Workspace
from privacy.keys import KeyService, KeyUnavailable, LocalKeys

ACCOUNTS = "installation/accounts"
"""The name in the key service that says: the accounts of this installation carry marks."""


class SettingsError(ValueError):
    """The settings do not allow a start; says which one and what to do."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs. Each field is the variable MINGSUAN_<NAME> of the environment.

    `url` is the address people type (scheme, host, port): its host and origin are the only ones that are answered.
    """

    mode: str = "serve"  # "demo" or "serve"
    host: str = "127.0.0.1"
    port: int = 8501
    url: str = ""  # default: http://127.0.0.1:<port>
    data: Path = Path("data")
    keys: str = "keys"  # a folder outside `data`, or the PKCS#11 URI of a token (portal/clouds.py)
    database_url: str = field(default="", repr=False)  # default: SQLite under `data`
    database_owner_url: str = field(default="", repr=False)  # of the tables' owner, where the other login is none
    blobs: str = ""  # s3://bucket/prefix?endpoint=…&region=…; default: a folder under `data`
    executor: str = ""  # address of a Dask scheduler; default: own worker processes
    smtp: str = field(default="", repr=False)
    workers: int = 1
    metrics_token: str = field(default="", repr=False)  # bearer token for /metrics
    proxies: str = ""  # addresses of proxies whose X-Forwarded-For is believed, separated by commas
    idle_minutes: float = 60.0
    session_hours: float = 12.0
    upload_mb: int = 60
    backup_to: str = ""  # public backup key that backups are sealed to
    vendor_name: str = "Vendor"
    vendor_issuer: str = ""  # the OpenID Connect provider of the vendor's own people
    vendor_client_id: str = ""
    vendor_client_secret: str = field(default="", repr=False)
    vendor_role_claim: str = "roles"  # whose values are our role names
    vendor_domains: str = ""  # their e-mail domains, separated by commas

    @property
    def demo(self) -> bool:
        return self.mode == "demo"

    @property
    def origin(self) -> str:
        """Scheme, host and port as browsers send them in Origin."""
        return self.url.rstrip("/").lower() if self.url else f"http://127.0.0.1:{self.port}"

    @property
    def secure(self) -> bool:
        return urlsplit(self.origin).scheme == "https"

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def absolute(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'mingsuan.sqlite3'}"

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these settings."""
        return {f"MINGSUAN_{item.name.upper()}": str(getattr(self, item.name)) for item in fields(self)}


def read_settings(environ: Mapping[str, str] | None = None, *, file: Path | None = None, **given: Any) -> Settings:
    """Settings from a TOML file (names in lower case), over it the environment, over that what is given."""
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values.update(tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(
                f"cannot read the settings in {file.name}: {error}",
                code="settings_unreadable",
                place=file.name,
                remedy="Give a TOML file with lines such as port = 8501.",
            ) from error
    known = {item.name: item for item in fields(Settings)}
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        raise SettingsError(
            f"unknown setting {unknown[0]!r}",
            code="unknown_setting",
            place=unknown[0],
            remedy="Known are: " + ", ".join(sorted(known)) + ".",
        )
    values.update({name: source[key] for name in known if (key := f"MINGSUAN_{name.upper()}") in source})
    values.update({name: value for name, value in given.items() if value is not None})
    default = Settings()
    for name, value in values.items():
        kind = type(getattr(default, name))
        try:
            values[name] = kind(value)
        except (TypeError, ValueError) as error:
            raise SettingsError(
                f"the setting {name} cannot be {value!r}",
                code="bad_setting",
                place=f"MINGSUAN_{name.upper()}",
                remedy=f"Give a value such as {getattr(default, name)!s}.",
            ) from error
    return Settings(**values)


def utc_now() -> datetime:
    """The clock of the real portal."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """The parts of a running installation, put together."""

    settings: Settings
    store: Store
    keys: KeyService
    mailer: Mailer
    now: Callable[[], datetime] = field(default=utc_now)

    def workspace(self, member: Member, *, proved_at: datetime | None = None) -> Workspace:
        """The sealed room of this member's tenant, for one request or script run.

        `proved_at`: when the person in front of a browser last proved who he is.
        """
        workspace = Workspace(member, self.store, self.keys, self.now)
        workspace.proved_at = proved_at
        return workspace

    @property
    def strongbox(self) -> Strongbox:
        """Where the portal keeps its own small secrets."""
        return Strongbox(data_keys_of(self.store, self.keys), self.now)


def executor(settings: Settings, workers: int = 0) -> executors.Executor:
    """The `map` that jobs of a study go through: the cluster where one is set, else this machine."""
    return executors.cluster(settings.executor) if settings.executor else executors.best(workers)


def build(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> Portal:
    """Put the real parts together for these settings; creates folders, keys and tables that are missing."""
    if settings.executor:
        executor(settings)  # a wrong address is said at the start, not at the first run
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = key_service(settings.keys, data_folder=settings.data)
    store = opened_store(settings, keys)
    keep_packs_in(store, packs_folder(settings))
    seal_names(store, sealed_names(data_keys_of(store, keys), at=now()))
    _mark_accounts_once(store, keys, at=now())
    mailer: Mailer = SmtpServer(url=settings.smtp) if settings.smtp else Outbox(clock=now)
    return Portal(settings=replace(settings), store=store, keys=keys, mailer=mailer, now=now)


def opened_store(settings: Settings, keys: KeyService, *, owner: bool = False) -> Store:
    """The database and blobs of these settings, their tables made or brought up to this version.

    Where a login of the tables' owner is set, it does that and nothing else; `owner` asks for it (to restore).
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)

    def at(address: str) -> Store:
        blobs = ObjectBlobs(settings.blobs) if settings.blobs else FolderBlobs(settings.data / "blobs")
        store = Store(create_engine(address), blobs, witness=witness_file(settings, keys))
        prepare(store)
        isolated(store)
        store.create()
        return store

    if settings.database_owner_url:
        made = at(settings.database_owner_url)
        if owner:
            return made
        made.close()
    return at(settings.database)


def _mark_accounts_once(store: Store, keys: KeyService, *, at: datetime) -> None:
    """Mark the accounts of an installation that had no marks. That it was done is noted in the key service, so nobody
    who can only write to the database has his edits marked."""
    if keys.status(ACCOUNTS).state == "missing":
        with store.writing() as tx:
            mark_all(tx)
        with contextlib.suppress(KeyUnavailable):  # another process was quicker
            keys.create_key(ACCOUNTS, at=at)


def packs_folder(settings: Settings) -> Path:
    """Where installed packs and their releases are kept."""
    return settings.data.resolve() / "packs"


def witness_file(settings: Settings, keys: KeyService) -> Path:
    """Where the log's heads are copied to, away from the data."""
    aside = Path(settings.keys) if isinstance(keys, LocalKeys) else settings.data.resolve().parent
    return aside / "witness.txt"


_lock = threading.Lock()
_portal: list[Portal] = []


def portal() -> Portal:
    """The one portal of this process, built from the environment when it is first asked for."""
    with _lock:
        if not _portal:
            _portal.append(build(read_settings()))
        return _portal[0]


def use(built: Portal) -> Portal:
    """Make `built` the portal of this process (the launcher and tests)."""
    with _lock:
        _portal[:] = [built]
    return built


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of a worker process: ours, with these settings."""
    return {**os.environ, **settings.environment()}
