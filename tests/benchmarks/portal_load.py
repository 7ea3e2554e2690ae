"""People clicking through the portal: what a rerun takes, seen from the browser's side of the websocket.

    python -m tests.benchmarks.portal_load --sessions 50 --seconds 60 [--url http://127.0.0.1:8501 --pid PID]

Without --url a demo portal is started for the measurement. Each session opens the pages of its person in turn, thinks
for five seconds on average, and measures from its click to the end of the script run. CPU is that of the web process,
user and system, for each rerun. `--empty` measures an empty Streamlit page in the same way, with and without the gate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PEOPLE = [
    ("huacheng", "lina"),
    ("huacheng", "wangjun"),
    ("huacheng", "zhaomin"),
    ("nordfilm", "anna"),
    ("nordfilm", "erik"),
    ("vendor", "chenwei"),
    ("vendor", "zhoulan"),
    ("vendor", "admin"),
]
THINK_SECONDS = 5.0


@dataclass
class Figures:
    """What one measurement saw."""

    times: list[float] = field(default_factory=list)  # seconds from click to end, first runs left out
    by_page: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0  # seconds of the web process

    def document(self, sessions: int) -> dict[str, object]:
        times = sorted(self.times)
        count = max(1, len(times))
        pages = {
            page: {"p50_ms": round(1000 * statistics.median(seen), 1), "runs": len(seen)}
            for page, seen in sorted(self.by_page.items())
        }
        return {
            "sessions": sessions,
            "reruns": len(times),
            "p50_ms": round(1000 * times[len(times) // 2], 1) if times else None,
            "p95_ms": round(1000 * times[int(0.95 * (len(times) - 1))], 1) if times else None,
            "cpu_ms_per_rerun": round(1000 * self.cpu / count, 2),
            "errors": self.errors[:5],
            "pages": pages,
        }


def cpu_of(pid: int) -> float:
    """Seconds of user and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cookie_of(url: str, realm: str, person: str) -> str:
    """Sign somebody in over the demo's provider; the session's cookie."""
    with httpx2.Client(base_url=url, trust_env=False) as client:
        to_provider = client.get(f"/auth/start?provider={realm}").headers["location"]
        back = client.get(f"{to_provider}&person={person}").headers["location"]
        client.get(back)
        return f"mingsuan={client.cookies['mingsuan']}"


async def run_once(socket: ClientConnection, page: str) -> tuple[float, dict[str, str]]:
    """Ask for a page and wait for the end of its run: seconds, and the pages the navigation offered."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.page_script_hash = page
    began = time.perf_counter()
    await socket.send(message.SerializeToString())
    pages: dict[str, str] = {}
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await asyncio.wait_for(socket.recv(), 120))
        kind = answer.WhichOneof("type")
        if kind == "navigation":
            pages = {entry.page_script_hash: entry.url_pathname for entry in answer.navigation.app_pages}
        elif kind == "auth_redirect":
            raise RuntimeError("the session has ended")
        elif kind == "script_finished":
            return time.perf_counter() - began, pages


async def person(url: str, cookie: str, figures: Figures, *, until: float, think: float, seed: int) -> None:
    """One tab: open the start page, then one page after the other."""
    dice = random.Random(seed)
    await asyncio.sleep(dice.random() * think)
    try:
        async with connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=url,
            subprotocols=["streamlit"],
            additional_headers={"Cookie": cookie},
            max_size=None,
            proxy=None,
            compression=None,
        ) as socket:
            _, pages = await run_once(socket, "")
            known = list(pages) or [""]
            opened: set[str] = set()
            while time.monotonic() < until:
                await asyncio.sleep(dice.expovariate(1 / think))
                page = dice.choice(known)
                taken, _ = await run_once(socket, page)
                if page in opened:  # the first visit of a page in a tab is its own case
                    figures.times.append(taken)
                    figures.by_page.setdefault(pages.get(page, ""), []).append(taken)
                opened.add(page)
    except Exception as error:  # noqa: BLE001  # it is counted and shown
        figures.errors.append(f"{type(error).__name__}: {error}")


async def measure(
    url: str, pid: int, cookies: list[str], *, sessions: int, seconds: float, think: float = THINK_SECONDS
) -> Figures:
    """Let `sessions` tabs click for a while; CPU is counted after the first third, when every page is warm."""
    figures = Figures()
    until = time.monotonic() + seconds
    tabs = [
        asyncio.create_task(person(url, cookies[n % len(cookies)], figures, until=until, think=think, seed=n))
        for n in range(sessions)
    ]
    await asyncio.sleep(seconds / 3)
    figures.times.clear()
    figures.by_page.clear()
    before = cpu_of(pid)
    await asyncio.sleep(seconds * 2 / 3)
    figures.cpu = cpu_of(pid) - before
    counted = list(figures.times)
    await asyncio.gather(*tabs)
    figures.times = counted
    return figures


EMPTY = """
import asyncio, gc, sys
from pathlib import Path
import streamlit as st, uvicorn
from streamlit import config
script = Path(sys.argv[2]); script.write_text("import streamlit as st\\nst.write('empty')\\n")
app = st.App(script)
for name, value in {"runner.postScriptGC": False, "browser.gatherUsageStats": False, "server.fileWatcherType": "none",
                    "server.enableWebsocketCompression": False}.items():
    config.set_option(name, value)
gc.collect(); gc.freeze()
print("ready", flush=True)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", ws="websockets-sansio", ws_per_message_deflate=False)
"""


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            return process
    raise RuntimeError("it did not start")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sessions", type=int, default=50)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--think", type=float, default=THINK_SECONDS)
    arguments.add_argument("--url")
    arguments.add_argument("--pid", type=int)
    arguments.add_argument("--empty", action="store_true")
    given = arguments.parse_args()
    shape = {"sessions": given.sessions, "seconds": given.seconds, "think": given.think}
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = given.url or f"http://127.0.0.1:{port}"
        process = None
        if given.empty:
            command = [sys.executable, "-c", EMPTY, str(port), f"{folder}/empty_page.py"]
            process = started(command, {})
            time.sleep(3)
            cookies = [""]
        else:
            if given.url is None:
                command = [sys.executable, "-m", "portal.cli", "demo", "--port", str(port)]
                process = started(command, {"MINGSUAN_DATA": f"{folder}/data", "MINGSUAN_KEYS": f"{folder}/keys"})
            cookies = [cookie_of(url, realm, name) for realm, name in PEOPLE]
        pid = given.pid or (process.pid if process else 0)
        try:
            figures = asyncio.run(measure(url, pid, cookies, **shape))
        finally:
            if process is not None:
                process.terminate()
                process.wait(timeout=30)
    print(json.dumps(figures.document(given.sessions), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
