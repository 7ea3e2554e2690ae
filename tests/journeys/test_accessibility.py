"""axe-core finds nothing serious on any page of any role: WCAG 2.2 AA and its best practices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import settled

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
PEOPLE = {
    "owner": ("huacheng", "lina", "light"),
    "owner in the dark": ("huacheng", "lina", "dark"),
    "finance": ("huacheng", "zhaomin", "light"),
    "guest": ("huacheng", "guest", "light"),
    "rep": ("vendor", "chenwei", "light"),
    "architect": ("vendor", "liuyang", "light"),
    "officer": ("vendor", "zhoulan", "light"),
    "system": ("vendor", "admin", "light"),
    "security": ("vendor", "security", "light"),
}
STREAMLITS_OWN = {
    ("target-size", "spinbutton"): "the parts of its date field are 22 px wide",
    ("aria-allowed-attr", "react-aria"): "its date field describes groups with attributes of a field",
}
"""What we cannot change from outside, by rule and a word of the element, with the reason."""


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong and serious on the page, one line each."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "async (rules) => (await axe.run(document, {resultTypes: ['violations'], runOnly: rules})).violations", RULES
    )
    return [
        f"{one['id']}: {' '.join(node['target'][-1:])} {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
        if not any(rule == one["id"] and word in node["html"] for rule, word in STREAMLITS_OWN)
    ]


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_keeps_anybody_out(visitor, portal, person):
    realm, name, scheme = PEOPLE[person]
    someone = visitor("en", scheme=scheme)
    page = someone.sign_in(realm, name)
    links = page.locator("[data-testid='stSidebarNavLink']").all()
    places = [str(link.get_attribute("href")).rsplit("/", 1)[-1] for link in links]
    assert places
    found = {}
    for place in places:
        page.goto(f"{portal.url}/{place}")
        settled(page)
        page.wait_for_function("document.querySelectorAll('[data-stale=true]').length === 0")
        found[place or "home"] = violations(page)
    assert {place: lines for place, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "path", ["/", "/auth/sign-in", "/s/unknown", "/s/unknown/try", "/auth/code", "/verify", "/outbox"]
)
def test_no_page_in_front_keeps_anybody_out(visitor, path):
    someone = visitor("zh-CN")
    page = someone.open(path)
    assert violations(page) == []
