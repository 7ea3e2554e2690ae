"""`mingsuan serve` as an operator runs it: behind TLS, with a provider of its own somewhere else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette

from portal.demo_idp import DemoProvider

from .conftest import ROOT, free_port

PUBLIC = "https://portal.example.com"


@pytest.fixture
def provider() -> Iterator[DemoProvider]:
    """An identity provider on its own socket, which knows the portal by its public address."""
    port = free_port()
    known = DemoProvider(origin=f"http://127.0.0.1:{port}", portal=PUBLIC)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=list(known.routes())), port=port, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield known
    server.should_exit = True
    thread.join(timeout=10)


def mingsuan(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "portal.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_production_starts_with_keys_and_a_provider_and_an_administrator_signs_in(tmp_path, provider):
    port = free_port()
    settings = {
        "MINGSUAN_DATA": str(tmp_path / "data"),
        "MINGSUAN_KEYS": str(tmp_path / "keys"),
        "MINGSUAN_URL": PUBLIC,
        "MINGSUAN_SMTP": "smtps://user:password@127.0.0.1:1",
        "MINGSUAN_METRICS_TOKEN": "m" * 40,
    }
    refused = mingsuan("serve", "--port", str(port), **settings)
    words, _ = refused.communicate(timeout=60)
    assert refused.returncode == 2, words
    assert "keys" in words

    made = mingsuan("keys", "init", **settings)
    assert made.wait(timeout=60) == 0
    issuer = f"{provider.origin}/idp/vendor"
    secrets = {
        "MINGSUAN_VENDOR_ISSUER": issuer,
        "MINGSUAN_VENDOR_CLIENT_ID": provider.client_id,
        "MINGSUAN_VENDOR_CLIENT_SECRET": provider.client_secret,
    }
    served = mingsuan("serve", "--port", str(port), **settings, **secrets)
    try:
        assert served.stdout is not None
        lines = []
        for line in served.stdout:
            lines.append(line)
            if line.startswith("ready"):
                break
        assert lines[-1:] == [f"ready {PUBLIC}\n"], "".join(lines)
        proxied = {"host": "portal.example.com", "accept": "text/html"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=proxied, trust_env=False) as client:
            for path in ("/idp/vendor/jwks", "/idp/vendor/authorize", "/outbox"):
                assert client.get(path).status_code in {303, 404}, path
            assert client.get("/metrics").status_code == 401
            start = client.get("/auth/start?provider=vendor")
            way = start.headers["set-cookie"].split(";")[0]
            assert way.startswith("__Host-")
            with httpx2.Client(trust_env=False) as elsewhere:
                choice = f"{start.headers['location']}&person=admin"
                back = elsewhere.get(urljoin(issuer, choice)).headers["location"]
            assert back.startswith(f"{PUBLIC}/auth/callback?")
            target = urlsplit(back)
            answer = client.get(f"{target.path}?{target.query}", headers={"cookie": way})
            assert answer.status_code == 303, answer.text
            session = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-mingsuan="))
            assert "Secure" in session
            alive = client.get("/auth/alive", headers={"cookie": session.split(";")[0]})
            assert alive.status_code == 204
            evil = client.get("/auth/alive", headers={"host": f"127.0.0.1:{port}"})
            assert evil.status_code == 421
    finally:
        served.terminate()
        served.wait(timeout=20)
    text = "".join(lines) + (served.stdout.read() if served.stdout else "")
    assert provider.client_secret not in text
