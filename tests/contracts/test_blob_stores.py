"""One suite for every place where sealed files are kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from portal.blobs import BlobStore, FolderBlobs, MemoryBlobs
from portal.object_blobs import BlobsAwayError, ObjectBlobs
from portal.storage import Store
from portal.wiring import opened_store, read_settings
from portal.workspace import Workspace
from privacy.keys import LocalKeys


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="sealed")
        yield "s3://sealed/mingsuan?region=us-east-1"


@pytest.fixture(params=["memory", "folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "memory":
        return MemoryBlobs()
    return FolderBlobs(tmp_path / "b") if request.param == "folder" else ObjectBlobs(request.getfixturevalue("bucket"))


def test_bytes_come_back_under_a_random_name(blobs) -> None:
    names = [blobs.put(data) for data in (b"", b"x", memoryview(b"abc" * 100_000))]
    assert len(set(names)) == 3
    assert all(len(name) == 32 for name in names)
    assert [blobs.get(name) for name in names] == [b"", b"x", b"abc" * 100_000]


def test_a_name_that_is_given_is_taken_and_may_be_written_again(blobs) -> None:
    name = "0" * 32
    assert blobs.put(b"one", name=name) == name
    blobs.put(b"two", name=name)
    assert blobs.get(name) == b"two"


def test_what_is_missing_or_was_deleted_is_missing(blobs) -> None:
    name = blobs.put(b"x")
    blobs.delete(name)
    blobs.delete(name)
    for missing in (name, "f" * 32):
        with pytest.raises(KeyError):
            blobs.get(missing)


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 32, "a" * 31, "A" * 32, "/" * 32, ".." + "a" * 30])
def test_a_name_leads_nowhere_else(blobs, name) -> None:
    with pytest.raises(KeyError):
        blobs.get(name)


def test_many_at_once(blobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda number: blobs.put(str(number).encode()), range(40)))
        assert list(pool.map(blobs.get, names)) == [str(number).encode() for number in range(40)]


@pytest.mark.parametrize(
    "address",
    [
        "https://bucket",
        "s3://",
        "s3://key:secret@bucket/x",
        "s3://bucket?endpoint=http://minio.example.com",
        "s3://bucket?secret=x",
    ],
)
def test_an_address_that_is_none_or_tells_secrets_is_refused(address) -> None:
    with pytest.raises(BlobsAwayError) as refused:
        ObjectBlobs(address)
    assert refused.value.code == "blobs_away"


def test_a_store_that_is_away_is_said_to_be(bucket) -> None:
    away = ObjectBlobs("s3://nobody-has-this-bucket?region=us-east-1")
    with pytest.raises(BlobsAwayError):
        away.put(b"x")


def test_an_installation_keeps_its_sealed_files_there(bucket, tmp_path) -> None:
    from portal.identity import Member, Role
    from portal.wiring import utc_now

    settings = read_settings({}, data=tmp_path / "data", keys=str(tmp_path / "keys"), blobs=bucket)
    keys = LocalKeys(tmp_path / "keys", data_folder=tmp_path / "data")
    store: Store = opened_store(settings, keys)
    member = Member(id="o", tenant="north", role=Role.OWNER, subject="o", name="o")
    workspace: Any = Workspace(member, store, keys, utc_now)
    key = workspace.put_bytes("file", b"plain words " * 20_000)
    with store.writing() as tx:
        workspace.flush(tx)
    workspace.done()
    assert Workspace(member, store, keys, utc_now).get("file", key) == b"plain words " * 20_000
    assert list((tmp_path / "data").rglob("blobs/*")) == []
    client = boto3.client("s3", region_name="us-east-1")
    (kept,) = client.list_objects_v2(Bucket="sealed")["Contents"]
    assert kept["Key"].startswith("mingsuan/")
    assert b"plain" not in client.get_object(Bucket="sealed", Key=kept["Key"])["Body"].read()
    store.close()
