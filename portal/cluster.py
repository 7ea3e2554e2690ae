"""A Dask cluster as one more `map`: jobs go to other machines, results are the same bytes as here.

What travels is the line, its parameters and the key figures, under mutual TLS; plain `tcp://` is taken on loopback
only. Keys, names of people and files never leave this process. A job that ends with its worker runs again on another
one; what a job computes depends on its arguments alone, so that costs time and changes nothing.
`distributed` is the extra `scale` and is imported where a cluster is asked for.
"""

from __future__ import annotations

import atexit
import hashlib
import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit

import simulators
from templates.capsule import platform_tag

CONNECT_SECONDS = 15.0
LOOK_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
"""How long a cluster may be without any worker, or without its scheduler, before a run fails."""


class ClusterError(ValueError):
    """The cluster cannot do the work; says why and what to do."""

    def __init__(self, message: str, *, code: str, remedy: str, place: str = "MINGSUAN_EXECUTOR") -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something that Dask carries and may log: its text says nothing."""

    content: Any
    code: str = ""

    def __repr__(self) -> str:
        return "<sealed>"


class Caught:
    """Keeps the error of its block."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None


@lru_cache(maxsize=1)
def code_state() -> str:
    """What must be the same on every machine for the same bytes: the engines' source and the libraries."""
    sources = sorted(Path(simulators.__path__[0]).glob("*.py"))
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return f"{state} {platform_tag()}"


def kept(function: Sealed) -> Sealed:
    """On a worker: the function of many jobs, sent once and kept while they run."""
    return function


def called(function: Sealed, arguments: Sealed) -> Sealed:
    """On a worker: one job. Errors travel as results: Dask would write their words into the worker's log."""
    if function.code != code_state():
        return Sealed(None)
    with Caught() as caught:
        return Sealed((function.content(*arguments.content),))
    return Sealed(caught.error)


def checked(address: str) -> str:
    """The address of a scheduler; plain TCP only where nobody else hears it.

    Raises:
        ClusterError: not an address (`cluster_address`), or plain TCP beyond loopback (`cluster_unencrypted`).
    """
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in {"tcp", "tls"} or not host or not port:
        raise ClusterError(
            "that is not the address of a scheduler",
            code="cluster_address",
            remedy="Give tls://HOST:PORT, or tcp://127.0.0.1:PORT on this machine.",
        )
    if parts.scheme == "tcp" and not _loopback(host):
        raise ClusterError(
            "plain TCP to another machine would show what tenants simulate",
            code="cluster_unencrypted",
            remedy="Start scheduler and workers with certificates and give tls://HOST:PORT.",
        )
    return address


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Cluster:
    """The scheduler at one address; connected when it is first needed, and again when it was lost."""

    def __init__(self, address: str) -> None:
        self.address = checked(address)
        self._client: Any = None
        self._lock = threading.Lock()

    def map(self, function: Callable[..., Any], *jobs: Iterable[Any]) -> Iterator[Any]:
        """Run the jobs on the cluster; results in their order. Who stops taking them cancels the rest.

        Raises:
            ClusterError: the scheduler is away, there are no workers, they run other code, or a job ends its workers.
        """
        listed = list(zip(*jobs, strict=False))
        return map(_value, self._results(function, listed))

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None or self._client.status != "running":
                self._client = _connect(self.address)
                atexit.register(self.close)  # before its threads are torn down
            return self._client

    def _results(self, function: Callable[..., Any], jobs: list[tuple[Any, ...]]) -> Iterator[Sealed]:
        sealed = Sealed(function, code_state())
        given, patient_until = 0, 0.0  # who never got through need not wait
        while given < len(jobs):
            futures: list[Any] = []
            try:
                client = self._connected()
                scheduler = client.scheduler_info()["id"]
                held = client.submit(kept, sealed, pure=False)
                futures += [client.submit(called, held, Sealed(job), pure=False) for job in jobs[given:]]
                for future in futures:
                    patient_until = time.monotonic() + PATIENCE_SECONDS
                    result = _waited(client, future, scheduler)
                    given += 1
                    yield result
            except _lost() as error:  # the scheduler went away: what is missing is asked for again
                self.close()
                if time.monotonic() > patient_until:
                    raise ClusterError(
                        "the scheduler does not answer",
                        code="cluster_away",
                        remedy="Check the address and that it runs.",
                    ) from error
                time.sleep(LOOK_SECONDS)
            finally:
                futures.clear()  # nobody waits for them any more: the scheduler drops them


def _connect(address: str) -> Any:
    distributed = _distributed()
    security = distributed.Security(require_encryption=True) if address.startswith("tls:") else None
    try:
        return distributed.Client(
            address, security=security, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=False
        )
    except (ValueError, TypeError) as error:  # Dask's words for certificates that are missing
        raise ClusterError(
            "the certificates for the cluster are missing or do not fit",
            code="cluster_certificates",
            remedy="Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, __CLIENT__CERT and __CLIENT__KEY.",
        ) from error


def _waited(client: Any, future: Any, scheduler: str) -> Sealed:
    """The result of a future, once it is there; an error without workers for too long, or when it is forgotten."""
    killed = _distributed().KilledWorker
    alone = 0.0
    while True:
        try:
            return cast("Sealed", future.result(timeout=LOOK_SECONDS))
        except TimeoutError:
            if client.scheduler_info()["id"] != scheduler:  # a new one knows nothing of it
                raise
            alone = 0.0 if client.nthreads() else alone + LOOK_SECONDS
        except killed as error:
            raise ClusterError(
                "a job ended every worker that took it",
                code="cluster_job_lost",
                remedy="Give the workers more memory, or simulate fewer parts.",
            ) from error
        except (ImportError, AttributeError) as error:
            raise _differs() from error
        if alone >= PATIENCE_SECONDS:
            raise ClusterError(
                "the cluster has no workers",
                code="cluster_empty",
                remedy="Start workers for this scheduler and run it again.",
            )


def _value(result: Sealed) -> Any:
    if result.content is None:
        raise _differs()
    if isinstance(result.content, BaseException):
        raise result.content
    return result.content[0]


def _differs() -> ClusterError:
    return ClusterError(
        "a worker of the cluster runs other code or other libraries, so its figures could differ",
        code="cluster_differs",
        remedy="Install the same version from the same lock file on every machine.",
    )


def _lost() -> tuple[type[BaseException], ...]:
    return _distributed().client.FutureCancelledError, OSError  # a closed connection and a timeout are among the latter


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ClusterError(
            "a cluster needs the package distributed",
            code="cluster_not_installed",
            remedy="Install the extra scale: pip install 'mingsuan[scale]'.",
        ) from error
