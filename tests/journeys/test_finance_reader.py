"""A finance reader finds the net present value, what drives it, and its weakest assumption within three clicks."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.text import speaking, t
from tests.journeys.conftest import settled

LONG = 240.0


def ready(page: Page, url: str) -> None:
    """Wait until the demo's study is done, then begin where a reader begins; these visits are not his clicks."""
    until = time.monotonic() + LONG
    while True:
        page.goto(f"{url}/value")
        settled(page)
        if not page.locator(".ms-empty").count() or time.monotonic() > until:
            break
        page.wait_for_timeout(3000)
    page.goto(f"{url}/start")
    settled(page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_value_drivers_and_weakest_assumption_in_three_clicks(visitor, portal, language):
    with speaking(language):
        reader = visitor(language)
        page = reader.sign_in("huacheng", "zhaomin")
        ready(page, portal.url)
        clicks = []

        def click(place: Locator) -> None:
            clicks.append(place.inner_text())
            place.click()
            page.wait_for_timeout(300)
            settled(page)

        menu = page.get_by_test_id("stSidebarNav")
        click(menu.get_by_text(t("shell.pages.value"), exact=True))
        skip = page.get_by_role("button", name=t("value.guess_skip"), exact=True)
        expect(skip.or_(page.locator(".ms-number").first).first).to_be_visible()
        if skip.count():
            click(skip)
        expect(page.locator("[class*='st-key-ms-card-npv']")).to_contain_text("CNY")
        words = [text for text in t("value.tornado", name="\n", swing="\n").split("\n") if text.strip()]
        heading = page.locator(".ms-h2", has_text=words[0].strip())
        expect(heading).to_be_visible()
        driver = heading.inner_text()
        assert "CNY" in driver

        click(menu.get_by_text(t("shell.pages.assumptions"), exact=True))
        answer = page.locator(".ms-answer")
        named = t("assumptions.answer", name="\n", count="\n").split("\n")[0].strip()
        expect(answer).to_contain_text(named)
        weakest = answer.inner_text().removeprefix(named).strip()
        assert weakest
        assert len(clicks) <= 3, clicks
        assert page.get_by_test_id("stException").count() == 0
        assert reader.outside == []
