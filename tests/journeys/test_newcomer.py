"""A newcomer with nothing but the link: the first OEE curve within 12 interactions, the memo within 40."""

from __future__ import annotations

from dataclasses import dataclass

import pdfplumber
import pytest
from playwright.sync_api import Locator, Page, expect

from portal.text import speaking, t
from tests.journeys.conftest import settled
from tests.journeys.test_story import code_for, invite

LONG = 240_000
MINUTE = 60_000


@dataclass
class Hand:
    """Clicks and fills in, and counts."""

    page: Page
    done: int = 0

    def click(self, place: Locator) -> None:
        place.click()
        self.done += 1

    def fill(self, place: Locator, text: str) -> None:
        place.fill(text)
        self.done += 1

    def turn_to(self, name: str) -> None:
        self.click(self.page.locator(f"[data-testid='stSidebarNavLink'][href$='/{name}']"))
        settled(self.page)


@pytest.mark.parametrize(("language", "tag"), [("zh-CN", "zh"), ("en", "en")])
def test_from_the_link_to_the_curve_and_the_memo(visitor, portal, language, tag, tmp_path):
    with speaking(language):
        link = invite(visitor(language))
        newcomer = visitor(language)
        page = newcomer.open(link)
        hand = Hand(page)

        lines = page.locator("section li")
        expect(lines).to_have_count(3)  # who gets what
        hand.click(page.locator("a.choice.first"))
        hand.click(page.locator("a.choice").first)
        fields = page.locator(".fields input")
        expect(fields.first).to_be_visible()
        assert fields.count() <= 10
        for number in range(fields.count()):
            described = fields.nth(number).get_attribute("aria-describedby")
            assert page.locator(f"#{described}").inner_text().strip()  # why it is asked
        hand.click(page.locator("form button"))
        expect(page.locator(".result .answer").first).to_be_visible(timeout=MINUTE)

        hand.click(page.locator("a.button"))
        hand.fill(page.locator("#name"), "Robin")
        email = f"robin.{tag}@newcomer.example"
        hand.fill(page.locator("#email"), email)
        hand.click(page.locator("form:has(#email) button"))
        page.wait_for_selector("input[name=code]")
        hand.fill(page.locator("input[name=code]"), code_for(newcomer, email))
        hand.click(page.locator("form:has(input[name=code]) button").first)
        settled(page)

        hand.click(page.get_by_role("button", name=t("start.tour"), exact=True))
        expect(page.locator("[data-testid='stECharts'], .stEchartsChart, canvas").first).to_be_visible(timeout=LONG)
        expect(page.get_by_text(t("scenarios.rough"))).to_have_count(0, timeout=LONG)
        assert hand.done <= 12

        hand.turn_to("value")
        hand.click(page.get_by_role("button", name=t("value.guess_skip"), exact=True))
        expect(page.get_by_text(t("value.npv")).first).to_be_visible(timeout=LONG)
        hand.turn_to("documents")
        expect(page.locator(".ms-papers img").first).to_be_visible(timeout=LONG)
        with page.expect_download() as caught:
            hand.click(page.locator("a[href*='form=pdf']"))
        caught.value.save_as(tmp_path / "memo.pdf")
        assert hand.done <= 40
        with pdfplumber.open(tmp_path / "memo.pdf") as memo:
            assert len(memo.pages) > 2
        assert newcomer.outside == []
        assert [text for text in newcomer.complaints if "Content Security Policy" in text] == []
