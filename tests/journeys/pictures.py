"""The pictures of the documentation, made from a running demo: ``python -m tests.journeys.pictures [NAME ...]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from portal.text import speaking, t
from tests.journeys.conftest import CHROMIUM, ROOT, Visitor, settled, start_portal

FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT, MOST = 1280, 800, 1500
PICTURES = {
    "baseline_en": ("huacheng", "lina", "baseline", "en"),
    "scenarios_zh": ("huacheng", "lina", "scenarios", "zh-CN"),
    "value_en": ("huacheng", "lina", "value", "en"),
    "documents_en": ("huacheng", "lina", "documents", "en"),
    "release_zh": ("huacheng", "lina", "release", "zh-CN"),
    "proof_en": ("vendor", "zhoulan", "proof", "en"),
}
"""Name of a picture: whose browser, which person, which page, in which language."""


def take(names: list[str]) -> None:
    """Take the pictures of these names, each once there is something to see on its page."""
    portal = start_portal(Path(tempfile.mkdtemp(prefix="pictures")))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for name in names:
                realm, person, page_name, language = PICTURES[name]
                context = browser.new_context(locale=language, viewport={"width": WIDTH, "height": HEIGHT})
                visitor = Visitor(portal=portal, context=context, page=context.new_page(), language=language)
                page = visitor.sign_in(realm, person)
                for _ in range(60):  # until the demo's first study is done
                    page.goto(f"{portal.url}/{page_name}")
                    settled(page)
                    if not page.locator(".ms-empty").count():
                        break
                    page.wait_for_timeout(5000)
                with speaking(language):
                    without = page.get_by_role("button", name=t("value.guess_skip"), exact=True)
                if without.count():
                    without.click()
                    settled(page)
                page.wait_for_timeout(3000)  # charts and pictures are drawn after the script has ended
                tall = page.get_by_test_id("stMain").evaluate("one => one.scrollHeight")
                page.set_viewport_size({"width": WIDTH, "height": min(tall + 40, MOST)})
                page.wait_for_timeout(2000)
                page.screenshot(path=FOLDER / f"{name}.png")
                context.close()
            browser.close()
    finally:
        portal.stop()


if __name__ == "__main__":
    take(sys.argv[1:] or list(PICTURES))
