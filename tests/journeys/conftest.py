"""A real portal and a real browser for the journeys."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
RESULTS = ROOT / "test-results"
expect.set_options(timeout=15_000)


@dataclass
class RunningPortal:
    """A demo portal of its own: its address, its data, and what it has written to its outputs."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_portal(folder: Path, **environment: str) -> RunningPortal:
    """Start `mingsuan demo` on a free port with fresh folders; returns when it says that it is ready."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", "demo", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "MINGSUAN_DATA": str(folder / "data"),
            "MINGSUAN_KEYS": str(folder / "keys"),
            "TMPDIR": tempfile.gettempdir(),
            "PYTHONUNBUFFERED": "",  # as on a machine of its own: what is said must be flushed
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    portal = RunningPortal(url=f"http://127.0.0.1:{port}", folder=folder, process=process)
    ready = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            portal.lines.append(line.rstrip("\n"))
            if line.startswith("ready "):
                ready.set()
        ready.set()  # it ended; the check below says how

    threading.Thread(target=listen, daemon=True).start()
    assert ready.wait(timeout=120), "\n".join(portal.lines)
    assert f"ready {portal.url}" in portal.lines, "\n".join(portal.lines)
    return portal


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """One portal for all journeys of the run."""
    running = start_portal(tmp_path_factory.mktemp("portal"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of journeys; its event loop must not outlive them, others run loops of their own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield launched
        launched.close()


@dataclass
class Visitor:
    """A person at his own browser; everything that went wrong in it is collected."""

    portal: RunningPortal
    context: BrowserContext
    page: Page
    language: str
    outside: list[str] = field(default_factory=list)  # requests to anywhere but the portal
    complaints: list[str] = field(default_factory=list)  # errors of the browser, policy violations among them

    def watch(self, page: Page) -> Page:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.portal.url, self.portal.url.replace("http", "ws", 1), "data:", "blob:")):
            self.outside.append(url)

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.complaints.append(str(getattr(message, "text", "")))

    def open(self, path: str = "/") -> Page:
        self.page.goto(f"{self.portal.url}{path}")
        return self.page

    def tab(self, path: str = "/") -> Page:
        """One more tab of the same browser."""
        page = self.watch(self.context.new_page())
        page.goto(f"{self.portal.url}{path}")
        return page

    def sign_in(self, realm: str, person: str, *, path: str = "/") -> Page:
        """Over the demo's provider to the page that was asked for."""
        page = self.open(path)
        page.locator(f"a[href*='provider={realm}']").click()
        page.locator(f"a[href*='person={person}']").click()
        settled(page)
        speak(page, self.language)
        return page


def speak(page: Page, language: str) -> None:
    """Switch to a language in the sidebar, whatever this person chose the last time."""
    if page.evaluate("document.documentElement.lang") != language:
        page.get_by_test_id("stSidebar").get_by_text("中文" if language == "zh-CN" else "English", exact=True).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        settled(page)


def settled(page: Page) -> None:
    """Wait until Streamlit has drawn a page and no script runs."""
    page.wait_for_selector("[data-testid='stMainBlockContainer'] [data-testid='stElementContainer']", timeout=30_000)
    page.wait_for_selector("[data-test-script-state='notRunning']", state="attached", timeout=30_000)


@pytest.fixture
def visitor(
    portal: RunningPortal, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """Make visitors: language of the browser, width, colour scheme."""
    contexts: list[BrowserContext] = []

    def make(language: str = "zh-CN", *, width: int = 1280, height: int = 800, scheme: str = "light") -> Visitor:
        context = browser.new_context(
            locale=language,
            timezone_id="Asia/Shanghai" if language == "zh-CN" else "Europe/Berlin",
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]  # "light" or "dark"
        )
        contexts.append(context)
        someone = Visitor(portal=portal, context=context, page=context.new_page(), language=language)
        someone.watch(someone.page)
        return someone

    yield make
    for number, context in enumerate(contexts):
        if getattr(request.node, "failed", False):
            for place, page in enumerate(context.pages):
                page.screenshot(path=RESULTS / f"{request.node.name}-{number}-{place}.png", full_page=True)
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failure, so that the visitor's pages can be kept as pictures."""
    report = yield
    if report.failed:
        item.failed = True  # type: ignore[attr-defined]  # read by the fixture above
    return report
