"""Key services elsewhere: an HSM behind PKCS#11, OpenBao or Vault. They pass the same tests as the local folder.

The driver for HSMs is an extra (`mingsuan[hsm]`); without it `Pkcs11Keys` says so when it is made.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import httpx2

from privacy.keys import KeyService, LocalKeys, MemoryKeys
from privacy.ring import KeyRing, KeyUnavailable, Version
from privacy.vault import Place, SealBroken

if TYPE_CHECKING:
    import pkcs11

_APPLICATION: Final = "mingsuan"
_FORMAT: Final = "mingsuan/wrapped/pkcs11/1"
_IV: Final = 12
_TAG_BITS: Final = 128
_TRANSIT_FORMAT: Final = "mingsuan/wrapped/transit/1"
_PATH: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")


class Pkcs11Keys(MemoryKeys):
    """Tenant keys in a token that never gives them out (AES-256, not extractable, wrap by AES-GCM with the place).

    Versions, times and tombstones are data objects beside the keys, so the token is all there is to back up. Several
    processes may read; changes (create, rotate, retire, destroy) come from one process at a time.
    """

    def __init__(self, *, module: Path, token: str, pin: str) -> None:
        super().__init__()
        self._driver = _driver()
        self._lock = threading.RLock()
        try:
            found = self._driver.lib(str(module)).get_token(token_label=token)
            self._session: pkcs11.Session = found.open(rw=True, user_pin=pin)
        except self._driver.PKCS11Error as error:
            raise _away(f"the token {token!r} cannot be opened") from error
        self._cipher = self

    def close(self) -> None:
        """Close the session; the object is of no use after that."""
        self._session.close()

    def seal(self, version: Version, data_key: bytes, *, place: Place) -> bytes:
        """Encrypt inside the token; the nonce is random and stands before the result."""
        nonce = secrets.token_bytes(_IV)
        with self._calling():
            sealed = self._key(version, place).encrypt(
                data_key, mechanism=self._driver.Mechanism.AES_GCM, mechanism_param=self._bound(nonce, place)
            )
        return nonce + bytes(sealed)

    def open(self, version: Version, sealed: bytes, *, place: Place) -> bytes:
        """Decrypt inside the token; `SealBroken` where it refuses."""
        if len(sealed) < _IV + _TAG_BITS // 8:
            raise SealBroken("the wrapped key is too short", place=place)
        with self._calling():
            key = self._key(version, place)
            try:
                opened = key.decrypt(
                    sealed[_IV:],
                    mechanism=self._driver.Mechanism.AES_GCM,
                    mechanism_param=self._bound(sealed[:_IV], place),
                )
            except (self._driver.GeneralError, self._driver.EncryptedDataInvalid) as error:
                raise SealBroken("the token does not open the wrapped key for this place", place=place) from error
        return bytes(opened)

    def _secret(self, tenant: str, number: int) -> bytes:
        attribute = self._driver.Attribute
        with self._calling():
            for left_by_a_kill in self._keys(tenant, number):
                left_by_a_kill.destroy()
            self._session.generate_key(
                self._driver.KeyType.AES,
                256,
                label=_label(tenant, number),
                store=True,
                template={
                    attribute.EXTRACTABLE: False,
                    attribute.SENSITIVE: True,
                    attribute.ENCRYPT: True,
                    attribute.DECRYPT: True,
                },
            )
        return b""

    def _load(self, tenant: str) -> KeyRing | None:
        with self._calling():
            held = [json.loads(note[self._driver.Attribute.VALUE]) for note in self._notes(tenant)]
        if not held:
            return None
        newest = max(held, key=lambda note: int(note["revision"]))
        return KeyRing.from_bytes(json.dumps(newest["ring"]).encode())

    def _store(self, ring: KeyRing) -> None:
        """Write the new note, then take away the old ones and the keys that it does not name.

        A kill in between leaves the new note, which counts, and rests that the next change clears.
        """
        attribute = self._driver.Attribute
        with self._calling():
            old = list(self._notes(ring.tenant))
            revision = max((int(json.loads(note[attribute.VALUE])["revision"]) for note in old), default=0) + 1
            self._session.create_object(
                {
                    attribute.CLASS: self._driver.ObjectClass.DATA,
                    attribute.TOKEN: True,
                    attribute.PRIVATE: True,
                    attribute.APPLICATION: _APPLICATION,
                    attribute.LABEL: _label(ring.tenant, 0),
                    attribute.VALUE: json.dumps({"revision": revision, "ring": json.loads(ring.to_bytes())}).encode(),
                }
            )
            for note in old:
                note.destroy()
            kept = {_label(ring.tenant, version.number) for version in ring.versions}
            for key in list(self._keys(ring.tenant, None)):
                if key[attribute.LABEL] not in kept:
                    key.destroy()

    def _key(self, version: Version, place: Place) -> Any:
        for key in self._keys(place.tenant, version.number):
            return key
        raise _away(f"the token does not hold version {version.number} of the key of {place.tenant!r}")

    def _keys(self, tenant: str, number: int | None) -> Iterator[Any]:
        """The tenant's secret keys in the token, of one version or all."""
        attribute = self._driver.Attribute
        wanted: dict[Any, Any] = {attribute.CLASS: self._driver.ObjectClass.SECRET_KEY}
        if number is not None:
            wanted[attribute.LABEL] = _label(tenant, number)
        prefix = _label(tenant, 0).removesuffix("0")
        for key in list(self._session.get_objects(wanted)):
            if key[attribute.LABEL].startswith(prefix):
                yield key

    def _notes(self, tenant: str) -> Iterator[Any]:
        attribute = self._driver.Attribute
        wanted: dict[Any, Any] = {
            attribute.CLASS: self._driver.ObjectClass.DATA,
            attribute.LABEL: _label(tenant, 0),
        }
        yield from list(self._session.get_objects(wanted))

    def _bound(self, nonce: bytes, place: Place) -> Any:
        return self._driver.GCMParams(nonce, place.context(_FORMAT), _TAG_BITS)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._turn, self._lock:
            yield

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """A session serves one call at a time; whatever else goes wrong in the token is one refusal."""
        with self._lock:
            try:
                yield
            except self._driver.PKCS11Error as error:
                raise _away("the token does not answer as it should") from error


class TransitKeys(MemoryKeys):
    """Tenant keys in the transit engine of OpenBao or Vault, which never gives them out (AES-256-GCM, the place as
    associated data). Versions, times and tombstones stand in its key-value store, written against their version, so
    of two changes at once one is refused and can be repeated. A key is deleted before its version leaves the ring: what
    a kill leaves in between opens nothing and is finished by the next try.

    The token is read from its file at each call, so that an agent may renew it there.
    """

    def __init__(
        self, *, url: str, token_file: Path, transit: str = "transit", kv: str = "secret", name: str = _APPLICATION
    ) -> None:
        super().__init__()
        here = urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
        if urlsplit(url).scheme != "https" and not here:
            raise _away("the key service is not reached over https")
        self._token_file = token_file
        self._transit, self._kv, self._name = transit, kv, name
        self._client = httpx2.Client(base_url=url, timeout=10.0, trust_env=not here, follow_redirects=False)
        self._mine = threading.local()  # which version of a tenant's note this thread has read last
        self._cipher = self

    def close(self) -> None:
        """Close the connections; the object is of no use after that."""
        self._client.close()

    def seal(self, version: Version, data_key: bytes, *, place: Place) -> bytes:
        """Encrypt inside the service."""
        sent = {"plaintext": _text(data_key), "associated_data": _text(place.context(_TRANSIT_FORMAT))}
        answer = self._call("POST", f"{self._transit}/encrypt/{self._key(place.tenant, version.number)}", sent)
        return str(answer["data"]["ciphertext"]).encode()

    def open(self, version: Version, sealed: bytes, *, place: Place) -> bytes:
        """Decrypt inside the service; `SealBroken` where it refuses."""
        text = sealed.decode("ascii", errors="replace")
        sent = {"ciphertext": text, "associated_data": _text(place.context(_TRANSIT_FORMAT))}
        path = f"{self._transit}/decrypt/{self._key(place.tenant, version.number)}"
        answer = self._call("POST", path, sent, refused=(400,))
        if not answer:
            raise SealBroken("the key service does not open the wrapped key for this place", place=place)
        return base64.b64decode(answer["data"]["plaintext"])

    def _secret(self, tenant: str, number: int) -> bytes:
        self._call("POST", f"{self._transit}/keys/{self._key(tenant, number)}", {"type": "aes256-gcm96"})
        return b""

    def _load(self, tenant: str) -> KeyRing | None:
        answer = self._call("GET", self._note(tenant), refused=(404,))
        self._mine.seen = int(answer["data"]["metadata"]["version"]) if answer else 0
        return KeyRing.from_bytes(answer["data"]["data"]["ring"].encode()) if answer else None

    def _store(self, ring: KeyRing) -> None:
        seen = self._mine.seen  # by the look that this change began with
        before = self._load(ring.tenant)
        kept = {version.number for version in ring.versions}
        for version in before.versions if before is not None else ():
            if version.number not in kept:
                path = f"{self._transit}/keys/{self._key(ring.tenant, version.number)}"
                self._call("POST", f"{path}/config", {"deletion_allowed": True}, refused=(400, 404))
                self._call("DELETE", path, refused=(400, 404))
        sent = {"options": {"cas": seen}, "data": {"ring": ring.to_bytes().decode()}}
        if not self._call("POST", self._note(ring.tenant), sent, refused=(400,)):
            raise _away("somebody else changed this tenant's key at the same moment")

    def _key(self, tenant: str, number: int) -> str:
        return f"{self._name}-{sha256(tenant.encode()).hexdigest()[:32]}-{number}"

    def _note(self, tenant: str) -> str:
        return f"{self._kv}/data/{self._name}/{sha256(tenant.encode()).hexdigest()[:32]}"

    def _call(self, method: str, path: str, sent: Any = None, *, refused: tuple[int, ...] = ()) -> dict[str, Any]:
        """The answer; empty for a status in `refused`; anything else that goes wrong is one refusal."""
        try:
            headers = {"X-Vault-Token": self._token_file.read_text("utf-8").strip()}
            answer = self._client.request(method, f"/v1/{path}", json=sent, headers=headers)
            if answer.status_code in refused:
                return {}
            answer.raise_for_status()
            return dict(answer.json()) if answer.content else {"data": {}}
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise _away("the key service does not answer as it should") from error


def in_folder(address: str) -> bool:
    """Whether a setting names a folder of keys, and not a service."""
    return address.partition(":")[0] not in {"pkcs11", "openbao", "vault"}


def key_service(address: str, *, data_folder: Path) -> KeyService:
    """The key service of a setting: a folder, a PKCS#11 URI (RFC 7512), or OpenBao or Vault, such as

    `pkcs11:token=mingsuan?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/mingsuan/pin`
    `openbao:https://bao.example.com:8200?token-file=/etc/mingsuan/token&transit=transit&kv=secret&name=mingsuan`

    PIN and token are read from files, so that they stand in no environment and no process list.
    """
    if not in_folder(address) and not address.startswith("pkcs11:"):
        return _transit(address)
    if "://" in address and not address.startswith("pkcs11:"):
        raise _away(f"there is no key service of the kind {address.partition('://')[0]!r}")
    if not address.startswith("pkcs11:"):
        return LocalKeys(Path(address), data_folder=data_folder)
    path, _, query = address.removeprefix("pkcs11:").partition("?")
    named = {name: unquote(value) for name, _, value in (part.partition("=") for part in path.split(";"))}
    asked = {name: unquote(value) for name, _, value in (part.partition("=") for part in query.split("&"))}
    try:
        token, module = named["token"], asked["module-path"]
        pin = Path(asked["pin-source"].removeprefix("file:")).read_text("utf-8").strip()
    except (KeyError, OSError, UnicodeDecodeError) as error:
        raise _away("the address of the token lacks its token, module-path or a readable pin-source") from error
    return Pkcs11Keys(module=Path(module), token=token, pin=pin)


def _transit(address: str) -> TransitKeys:
    url, _, query = address.partition(":")[2].partition("?")
    asked = {name: unquote(value) for name, _, value in (part.partition("=") for part in query.split("&"))}
    names = {name: asked[name] for name in ("transit", "kv", "name") if name in asked}
    if not all(_PATH.fullmatch(value) for value in names.values()) or not asked.get("token-file"):
        raise _away("the address of the key service lacks its token-file, or names something that is no path")
    return TransitKeys(url=url, token_file=Path(asked["token-file"]), **names)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _driver() -> ModuleType:
    try:
        import pkcs11  # noqa: PLC0415  # an extra: only who has an HSM needs it
    except ImportError as error:
        raise KeyUnavailable(
            "the PKCS#11 driver is not installed",
            code="keys_away",
            remedy="Install the product with its extra: mingsuan[hsm].",
        ) from error
    return pkcs11


def _label(tenant: str, number: int) -> str:
    """How an object of a tenant is found: hashed, so that the token's list names nobody."""
    return f"mingsuan/{sha256(tenant.encode()).hexdigest()[:32]}/{number}"


def _away(message: str) -> KeyUnavailable:
    return KeyUnavailable(
        message,
        code="keys_away",
        remedy="Check that token or service is connected, that names, PIN and token are right, and its log.",
    )
