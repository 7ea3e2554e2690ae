"""An organisation takes the key into its own hands: in the browser, over the interface and through a worker."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitor, settled, start_portal

WORDS = "correct horse battery 订书机"
OTHER = "seventeen green umbrellas sing"
SHOTS = os.environ.get("MINGSUAN_SHOTS", "")


@pytest.fixture(scope="module")
def own_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A portal of its own: what is locked here must not stop other journeys."""
    running = start_portal(tmp_path_factory.mktemp("own-key"))
    yield running
    running.stop()


@pytest.fixture
def guests(own_portal: Any, visitor: Any) -> Any:
    def make(**how: Any) -> Visitor:
        someone: Visitor = visitor("en", **how)
        someone.portal = own_portal
        return someone

    return make


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(600)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_locked_until_the_words_are_typed_and_again_when_all_have_left(guests: Any) -> None:
    owner = guests(height=1500)
    page = owner.sign_in("huacheng", "lina", path="/own_key")
    expect(page.get_by_text("The installation keeps the key", exact=False).first).to_be_visible()
    shot(page, "take")
    page.get_by_label("New passphrase").fill(WORDS)
    page.get_by_label("Once more").fill(WORDS)
    page.get_by_text("We know that nobody can help us").click()
    page.get_by_role("button", name="Take the key").click()
    code = page.get_by_test_id("stCode").inner_text(timeout=60_000).strip()
    assert re.fullmatch(r"([A-Z2-7]{4}-){7}[A-Z2-7]{4}", code)
    settled(page)
    expect(page.get_by_role("button", name="Take the key")).to_have_count(0)
    shot(page, "code")
    page.get_by_role("button", name="I have written it down").click()
    expect(page.get_by_text("Your organisation holds the key", exact=False).first).to_be_visible()
    settled(page)
    shot(page, "held")
    page.get_by_role("button", name="Lock now").click()
    expect(page.get_by_text("This workspace is locked")).to_be_visible()
    settled(page)
    shot(page, "locked")
    narrow = guests(width=390, height=900, scheme="dark")
    small = narrow.sign_in("huacheng", "lina", path="/value")
    expect(small.get_by_text("This workspace is locked")).to_be_visible()
    shot(small, "locked-narrow")
    small.get_by_label("Passphrase", exact=True).fill(OTHER)
    small.get_by_role("button", name="Open", exact=True).click()
    expect(small.get_by_text("This is not the passphrase")).to_be_visible()
    small.get_by_label("Passphrase", exact=True).fill(WORDS)
    small.get_by_role("button", name="Open", exact=True).click()
    expect(small.get_by_text("This workspace is locked")).to_have_count(0)
    page.goto(f"{owner.portal.url}/trust")
    settled(page)
    expect(page.get_by_text("While nobody of you is signed in", exact=False)).to_be_visible()
    for one in (page, small):
        one.goto(f"{owner.portal.url}/auth/sign-out")
        button = one.locator("form button")
        if button.count():
            button.first.click()
        one.wait_for_timeout(500)
    page.wait_for_timeout(5_000)
    page = owner.sign_in("huacheng", "lina", path="/start")
    expect(page.get_by_text("This workspace is locked")).to_be_visible()
    page.get_by_text("The passphrase is forgotten").click()
    page.get_by_label("Recovery code").fill(code.lower())
    page.get_by_label("New passphrase").fill(OTHER)
    page.get_by_label("Once more").fill(OTHER)
    page.get_by_role("button", name="Set a new passphrase").click()
    fresh = page.get_by_test_id("stCode").inner_text(timeout=60_000).strip()
    assert fresh != code
    shot(page, "recovered")
    page.get_by_role("button", name="I have written it down").click()
    expect(page.get_by_text("This workspace is locked")).to_have_count(0)
    assert owner.outside == []
