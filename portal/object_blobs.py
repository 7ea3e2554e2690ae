"""Blobs in an S3-compatible store: sealed bytes under the same random names as in a folder.

The driver is an extra (`mingsuan[s3]`); without it `ObjectBlobs` says so when it is made. Credentials come from where
the driver looks for them (AWS_ACCESS_KEY_ID, a profile, the machine's role), never from the address.
"""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_NAME: Final = frozenset("0123456789abcdef")


class BlobsAwayError(OSError):
    """The store does not answer as it should, or cannot be used as it is named."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.code = "blobs_away"
        self.place = "MINGSUAN_BLOBS"
        self.remedy = remedy or "Check bucket, endpoint and credentials, and the store's log."
        self.params: dict[str, object] = {}


class ObjectBlobs:
    """Blobs as objects of one bucket: `s3://bucket/prefix?endpoint=https://minio.example.com&region=eu-central-1`.

    An object is there as a whole or not at all; its content is checked by SHA-256 on the way in.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = asked.pop("endpoint", None)
        region = asked.pop("region", None)
        plain = endpoint is not None and urlsplit(endpoint).scheme != "https"
        local = endpoint is not None and urlsplit(endpoint).hostname in {"127.0.0.1", "localhost", "::1"}
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or asked or (plain and not local):
            raise BlobsAwayError(
                "this is not the address of an object store",
                remedy="Write s3://bucket/prefix?endpoint=https://…&region=…, without credentials.",
            )
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/") + "/" if parts.path.strip("/") else ""
        boto3, botocore = _driver()
        self._errors = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
        config = botocore.config.Config(
            connect_timeout=5, read_timeout=60, retries={"max_attempts": 4, "mode": "standard"}, max_pool_connections=32
        )
        self._client = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)

    def put(self, data: bytes | memoryview, *, name: str = "") -> str:
        """Keep the bytes durably and return their name."""
        name = name or secrets.token_hex(16)
        self._call("put_object", name, Body=bytes(data), ChecksumAlgorithm="SHA256")
        return name

    def get(self, name: str) -> bytes:
        """Return the bytes; a missing name raises KeyError."""
        answer = self._call("get_object", name)
        try:
            return bytes(answer["Body"].read())
        except self._errors as error:
            raise BlobsAwayError("the object store broke off") from error

    def delete(self, name: str) -> None:
        """Remove the bytes; a missing name is no error."""
        self._call("delete_object", name)

    def _call(self, what: str, name: str, **more: Any) -> Any:
        if len(name) != 32 or not set(name) <= _NAME:
            raise KeyError(name)
        try:
            return getattr(self._client, what)(Bucket=self._bucket, Key=f"{self._prefix}{name[:2]}/{name}", **more)
        except self._errors as error:
            told: Any = getattr(error, "response", {})
            if told.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
                raise KeyError(name) from None
            raise BlobsAwayError("the object store does not answer as it should") from error


def _driver() -> tuple[Any, Any]:
    try:
        import boto3  # noqa: PLC0415  # an extra: only who keeps files in an object store needs it
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415
    except ImportError as error:
        raise BlobsAwayError(
            "the driver for object stores is not installed", remedy="Install the product with its extra: mingsuan[s3]."
        ) from error
    return boto3, botocore
