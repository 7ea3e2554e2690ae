"""The packs that somebody works with: those that come with the product, and over them what was installed and released.

`mingsuan pack install` and the releases page keep packs in a folder beside the database. What stands on a tenant's
shelf is the published version of each pack, or the canary where the tenant belongs to its share. An action puts its
tenant's shelf up before it runs, a page when it is drawn; everything below asks `on_shelf`.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from industry_packs import signing
from industry_packs.errors import PackError
from industry_packs.pack import SHIPPED, Pack, load_pack
from industry_packs.releases import trusted_in, version_for
from portal.rooms import DataKeys, account_secret
from portal.storage import Store
from portal.workspace import Clock
from templates.node import DocumentError

log = logging.getLogger("mingsuan.packs")

_folders: weakref.WeakKeyDictionary[Store, Path] = weakref.WeakKeyDictionary()


class Visitor(Protocol):
    """What a shelf needs to know of a workspace."""

    @property
    def tenant(self) -> str: ...
    @property
    def store(self) -> Store: ...
    @property
    def data_keys(self) -> DataKeys: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class _Shelf:
    folder: Path
    tenant: str
    visitor: Visitor


_shelf: ContextVar[_Shelf | None] = ContextVar("shelf", default=None)


def keep_packs_in(store: Store, folder: Path) -> None:
    """Say where the packs of an installation are kept (`wiring`)."""
    _folders[store] = folder


def pack_folder(store: Store) -> Path | None:
    """The folder of installed packs; None where the installation keeps none."""
    return _folders.get(store)


def put_up(visitor: Visitor) -> None:
    """From now on, in this thread of work, `on_shelf` answers for this workspace's tenant."""
    folder = _folders.get(visitor.store)
    _shelf.set(None if folder is None else _Shelf(folder, visitor.tenant, visitor))


def on_shelf() -> tuple[Pack, ...]:
    """The packs in force, in the order of their ids. One that was changed or is not trusted is left out and logged."""
    shelf = _shelf.get()
    if shelf is None or not (shelf.folder / "releases.jsonl").exists():
        return shipped()
    stamp = (shelf.folder / "releases.jsonl").stat()
    chosen = _chosen(shelf.folder, shelf.tenant, (stamp.st_mtime_ns, stamp.st_size))
    if not chosen:
        return shipped()
    trusted = trusted_by(shelf.visitor)
    found = {pack.id: pack for pack in shipped()}
    for identity, version in chosen:
        pack = _installed(shelf.folder, identity, version, tuple(trusted.values()))
        if pack is not None:
            found[identity] = pack
    return tuple(found[identity] for identity in sorted(found))


def own_key(visitor: Visitor) -> Ed25519PrivateKey:
    """The key with which this installation signs the packs that its reviewers approve."""
    return Ed25519PrivateKey.from_private_bytes(account_secret(visitor.data_keys, "packs", at=visitor.clock()))


def trusted_by(visitor: Visitor) -> Mapping[str, signing.TrustedKey]:
    """The pinned keys, those that `mingsuan pack trust` has added, and the installation's own."""
    public = own_key(visitor).public_key().public_bytes_raw()
    own = signing.TrustedKey(id=signing.key_id(public), title="this installation", public=public)
    folder = _folders.get(visitor.store)
    return {**(signing.trusted_keys() if folder is None else trusted_in(folder)), own.id: own}


@lru_cache(maxsize=1)
def shipped() -> tuple[Pack, ...]:
    """Return the packs that come with the product, read and verified once for each process, in the order of their ids.

    A pack that is unsigned, damaged or incomplete is left out and named in the process's own log; the others work on.
    """
    found = []
    for folder in sorted(path.parent for path in SHIPPED.glob("*/pack.yaml")):
        try:
            found.append(load_pack(folder))
        except (PackError, DocumentError) as error:
            log.warning("the pack %s is left out: %s", folder.name, error.code)
    return tuple(sorted(found, key=lambda pack: pack.manifest.id))


@lru_cache(maxsize=256)
def _chosen(folder: Path, tenant: str, stamp: tuple[int, int]) -> tuple[tuple[str, str], ...]:
    """The version of each installed pack that this tenant works with; asked again when the list has changed."""
    del stamp
    rows = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            version = version_for(folder, path.name, tenant)
            if version is not None and (path / version).is_dir():
                rows.append((path.name, version))
    return tuple(rows)


@lru_cache(maxsize=64)
def _installed(folder: Path, identity: str, version: str, trusted: tuple[signing.TrustedKey, ...]) -> Pack | None:
    try:
        return load_pack(folder / identity / version, trusted={key.id: key for key in trusted})
    except (PackError, DocumentError) as error:
        log.warning("the pack %s %s is left out: %s", identity, version, error.code)
        return None
