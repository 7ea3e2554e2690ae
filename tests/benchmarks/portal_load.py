"""People clicking through the portal: what a rerun takes, seen from the browser's side of the websocket.

    python -m tests.benchmarks.portal_load --sessions 50 --seconds 60 [--url http://127.0.0.1:8501 --pid PID]

Without --url a demo portal is started for the measurement. Each session opens the pages of its person in turn, thinks
for five seconds on average, and measures from its click to the end of the script run. CPU is that of the web process,
user and system, for each rerun. `--what empty` measures an empty Streamlit page without the gate in the same way,
`--what gated` the same page behind it. `rows()` gives the lines of the benchmark table.
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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.row import Row

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
    runs: int = 0  # all of them, for the CPU
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0  # seconds of the web process

    def document(self, sessions: int) -> dict[str, object]:
        times = sorted(self.times)
        pages = {
            page: {"p50_ms": round(1000 * statistics.median(seen), 1), "runs": len(seen)}
            for page, seen in sorted(self.by_page.items())
        }
        return {
            "sessions": sessions,
            "reruns": self.runs,
            "p50_ms": round(1000 * times[len(times) // 2], 1) if times else None,
            "p95_ms": round(1000 * times[int(0.95 * (len(times) - 1))], 1) if times else None,
            "cpu_ms_per_rerun": round(1000 * self.cpu / max(1, self.runs), 2),
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
    pages: dict[str, str] = {}
    page = ""
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
                figures.runs += 1
                if page in opened:  # the first visit of a page in a tab is its own case
                    figures.times.append(taken)
                    figures.by_page.setdefault(pages.get(page, ""), []).append(taken)
                opened.add(page)
    except Exception as error:  # noqa: BLE001  # it is counted and shown
        figures.errors.append(f"{type(error).__name__} on page {pages.get(page, page)!r}: {error}")


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
    figures.runs = 0
    before = cpu_of(pid)
    await asyncio.sleep(seconds * 2 / 3)
    figures.cpu = cpu_of(pid) - before
    counted, runs = list(figures.times), figures.runs
    await asyncio.gather(*tabs)
    figures.times, figures.runs = counted, runs
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


GATED = """
import shutil, sys
from pathlib import Path
from portal import app, demo
shutil.copytree(app.SCRIPT.parent / ".streamlit", Path(sys.argv[2]).parent / ".streamlit")
app.SCRIPT = Path(sys.argv[2]); app.SCRIPT.write_text("import streamlit as st\\nst.write('empty')\\n")
demo._sample = lambda *_: None
app.run_demo(port=int(sys.argv[1]), say=lambda line: print(line, flush=True))
"""


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            return process
    raise RuntimeError("it did not start")


def figures_of(what: str, *, sessions: int, seconds: float, think: float) -> Figures:
    """Start a portal ("pages"), an empty page behind the gate ("gated") or without it ("empty"), and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        page = f"{folder}/empty_page.py"
        command = {
            "pages": [sys.executable, "-m", "portal.cli", "demo", "--port", str(port)],
            "gated": [sys.executable, "-c", GATED, str(port), page],
            "empty": [sys.executable, "-c", EMPTY, str(port), page],
        }[what]
        process = started(command, {"MINGSUAN_DATA": f"{folder}/data", "MINGSUAN_KEYS": f"{folder}/keys"})
        try:
            if what == "empty":
                time.sleep(3)  # it says ready before it listens
                cookies = [""]
            else:
                cookies = [cookie_of(url, realm, name) for realm, name in PEOPLE]
            return asyncio.run(measure(url, process.pid, cookies, sessions=sessions, seconds=seconds, think=think))
        finally:
            process.terminate()
            process.wait(timeout=30)


async def beside(sides: dict[str, tuple[str, int, list[str]]], *, rounds: int, seconds: float) -> dict[str, float]:
    """CPU milliseconds of a rerun on each side, measured in turns, so that a busy machine is busy for both.

    A side is its address, its process and the cookies of its people. Fifty tabs stay open on each; in each round they
    click on one side and then on the other. The first round warms up.
    """
    tabs: dict[str, list[ClientConnection]] = {}
    for name, (url, _, cookies) in sides.items():
        tabs[name] = []
        for number in range(50):
            socket = await connect(
                url.replace("http", "ws", 1) + "/_stcore/stream",
                origin=url,
                subprotocols=["streamlit"],
                additional_headers={"Cookie": cookies[number % len(cookies)]},
                max_size=None,
                proxy=None,
                compression=None,
            )
            await run_once(socket, "")
            tabs[name].append(socket)
    dice = random.Random(1)
    cpu, runs = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 0)

    async def click(name: str, socket: ClientConnection, until: float, count: bool) -> None:
        await asyncio.sleep(dice.random())
        while time.monotonic() < until:
            await run_once(socket, "")
            runs[name] += count
            await asyncio.sleep(dice.expovariate(1.0))

    for number in range(rounds):
        for name in sorted(sides, reverse=bool(number % 2)):
            before, until = cpu_of(sides[name][1]), time.monotonic() + seconds
            await asyncio.gather(*(click(name, socket, until, number > 0) for socket in tabs[name]))
            cpu[name] += (cpu_of(sides[name][1]) - before) * (number > 0)
    for socket in (socket for sockets in tabs.values() for socket in sockets):
        await socket.close()
    return {name: 1000 * cpu[name] / runs[name] for name in sides}


def gate_beside_none(*, rounds: int = 10, seconds: float = 5.0) -> dict[str, float]:
    """CPU of a rerun of an empty page at 50 sessions, "gated" and "empty"."""
    with tempfile.TemporaryDirectory() as folder:
        running: list[subprocess.Popen[str]] = []
        sides: dict[str, tuple[str, int, list[str]]] = {}
        try:
            for name, program in (("gated", GATED), ("empty", EMPTY)):
                port, own = free_port(), Path(folder, name)
                own.mkdir()
                command = [sys.executable, "-c", program, str(port), str(own / "page.py")]
                running.append(started(command, {"MINGSUAN_DATA": f"{own}/data", "MINGSUAN_KEYS": f"{own}/keys"}))
                sides[name] = (f"http://127.0.0.1:{port}", running[-1].pid, [""])
            time.sleep(3)  # the empty one says ready before it listens
            url, pid, _ = sides["gated"]
            sides["gated"] = (url, pid, [cookie_of(url, realm, name) for realm, name in PEOPLE])
            return asyncio.run(beside(sides, rounds=rounds, seconds=seconds))
        finally:
            for process in running:
                process.terminate()
                process.wait(timeout=30)


def rows() -> Iterator[Row]:
    """Fifty people on the pages, and what the gate adds to an empty page."""
    pages = figures_of("pages", sessions=50, seconds=90, think=THINK_SECONDS).document(50)
    gate = gate_beside_none()
    assert not pages["errors"], pages["errors"]
    people = "50 people clicking through the pages"
    p95, cpu = float(str(pages["p95_ms"])), float(str(pages["cpu_ms_per_rerun"]))
    yield Row(work=f"{people}: p95 of a rerun", ours=p95, peer=100.0, ratio=p95 / 100.0, must="<= 1", unit="ms")
    yield Row(work=f"{people}: CPU of a rerun", ours=cpu, peer=15.0, ratio=cpu / 15.0, must="<= 1", unit="ms")
    with_gate, without = gate["gated"], gate["empty"]
    yield Row(
        work="an empty page at 50 sessions, behind the gate against without: CPU of a rerun",
        ours=with_gate,
        peer=without,
        ratio=with_gate / without,
        must="<= 1.1",
        unit="ms",
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sessions", type=int, default=50)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--think", type=float, default=THINK_SECONDS)
    arguments.add_argument("--what", choices=["pages", "gated", "empty"], default="pages")
    arguments.add_argument("--url", help="a demo portal that runs already")
    arguments.add_argument("--pid", type=int, help="its web process")
    given = arguments.parse_args()
    if given.url:
        cookies = [cookie_of(given.url, realm, name) for realm, name in PEOPLE]
        shape = {"sessions": given.sessions, "seconds": given.seconds, "think": given.think}
        figures = asyncio.run(measure(given.url, given.pid, cookies, **shape))
    else:
        figures = figures_of(given.what, sessions=given.sessions, seconds=given.seconds, think=given.think)
    print(json.dumps(figures.document(given.sessions), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
