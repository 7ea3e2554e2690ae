"""An architect without Python builds the "paint shop changeover" template, a second person releases it.

The steps are those of docs/packs.md, "In the studio".
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.studio_views import place_name
from portal.text import speaking, t
from tests.journeys.conftest import settled

LONG = 240_000
BEFORE = {"zh-CN": "缩短换型", "en": "Shorter changeovers"}
TITLES = {"zh-CN": "涂装换色", "en": "Paint colour change"}
REASONS = {
    "zh-CN": "涂装线三周跟线记录，每次换色平均十八分钟。",
    "en": "Three weeks beside the paint line; a colour change takes eighteen minutes.",
}


def go(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/{name}")
    settled(page)


def press(page: Page, label: str) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=label, exact=True).first.click()
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-test-script-state='notRunning']", state="attached", timeout=LONG)


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_role("textbox", name=label, exact=True).locator("visible=true").first
    field.fill(text)
    field.blur()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).first.click()
    page.get_by_role("option", name=option).first.click()
    page.wait_for_timeout(300)
    settled(page)


@pytest.mark.parametrize(("language", "tag"), [("zh-CN", "zh"), ("en", "en")])
def test_the_paint_shop_template_is_built_without_python(visitor, portal, language, tag):
    pack = f"paint-{tag}"
    with speaking(language):
        architect = visitor(language)
        page = architect.sign_in("vendor", "liuyang", path="/studio")
        choose(page, t("studio.like"), "离散制造" if tag == "zh" else "Discrete manufacturing")
        fill(page, t("studio.id"), pack)
        fill(page, t("studio.title_zh"), f"涂装车间{tag}")
        fill(page, t("studio.title_en"), f"Paint shop {tag}")
        fill(page, t("studio.reviewer"), "He Jing")
        press(page, t("studio.begin"))
        expect(page.locator(".ms-answer")).to_contain_text("0.1.0")

        choose(page, t("studio.part"), t("studio.parts.templates"))
        choose(page, t("studio.document"), "changeover.yaml")
        expect(page.get_by_test_id("stDataFrame").locator("visible=true").first).to_be_visible()
        page.get_by_role("tab", name=t("studio.tab_text")).click()
        area = page.get_by_role("textbox", name="templates/changeover.yaml", exact=True)
        area.fill(area.input_value().replace(BEFORE[language], TITLES[language]))
        area.blur()
        fill(page, t("studio.text_reason"), REASONS[language])
        fill(page, t("studio.source"), "line walk")
        press(page, t("studio.keep"))
        page.get_by_role("tab", name=t("studio.tab_differences", count=1)).click()
        changed = page.locator("tr").filter(has_text=TITLES[language]).locator("visible=true")
        expect(changed.first).to_contain_text(place_name(f"title.{language}"))
        expect(changed.first).to_contain_text(REASONS[language])

        choose(page, t("studio.part"), t("studio.parts.calculators"))
        page.get_by_role("tab", name=t("studio.tab_preview")).click()
        press(page, t("studio.compute"))
        expect(page.get_by_text(t("studio.graph"), exact=True)).to_be_visible(timeout=LONG)

        go(page, portal.url, "gate_tests")
        if page.get_by_text(t("studio.gate_not_run")).count() == 0:
            choose(page, t("studio.draft"), f"涂装车间{tag} 0.1.0" if tag == "zh" else f"Paint shop {tag} 0.1.0")
        press(page, t("studio.run_gate"))
        expect(page.locator(".ms-answer")).to_have_text(t("studio.gate_passed"), timeout=LONG)
        press(page, t("studio.submit"))
        expect(page.get_by_text(t("studio.now_submitted"))).to_be_visible()
        assert [one for one in architect.complaints if "404" not in one] == []  # Streamlit looks for its base path

        reviewer = visitor(language)
        page = reviewer.sign_in("vendor", "hejing", path="/pack_releases")
        fill(page, t("studio.review_reason"), REASONS[language])
        press(page, t("studio.approve"))
        title = f"涂装车间{tag}" if tag == "zh" else f"Paint shop {tag}"
        row = page.locator("tr").filter(has_text=title)
        expect(row.first).to_contain_text(t("packs.state_sandbox"), timeout=LONG)
        press(page, t("studio.publish"))
        expect(row.first).to_contain_text(t("packs.state_published"), timeout=LONG)

        prospect = visitor(language)
        page = prospect.sign_in("huacheng", "wangjun", path="/scenarios")
        offer = page.get_by_role("combobox", name=t("scenarios.from_pack"))
        if not offer.is_visible():
            page.get_by_test_id("stExpander").filter(has_text=t("scenarios.new")).locator("summary").click()
        offer.click()
        offer.press_sequentially(title)  # the list shows a few packs at a time
        expect(page.get_by_role("option", name=title)).to_be_visible(timeout=20_000)

        page = reviewer.page
        go(page, portal.url, "pack_releases")
        page.get_by_text(t("packs.state_published")).last.scroll_into_view_if_needed()
        page.get_by_test_id("stExpander").filter(has_text="0.1.0").first.click()
        fill(page, t("studio.step_reason"), REASONS[language])
        press(page, t("studio.retire"))
        expect(row.first).to_contain_text(t("packs.state_retired"), timeout=LONG)
        assert [one for one in reviewer.complaints if "404" not in one] == []
