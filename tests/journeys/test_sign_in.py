"""Somebody signs in, changes the language, signs out; other tabs follow, deep links survive, nothing goes outside."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(
    ("language", "realm", "person", "words", "out", "again", "other"),
    [
        ("zh-CN", "huacheng", "wangjun", "分析人员", "退出登录", "您已退出登录", "Analyst"),
        ("en", "nordfilm", "erik", "Analyst", "Sign out", "You are signed out", "分析人员"),
    ],
)
def test_from_sign_in_to_sign_out(visitor, language, realm, person, words, out, again, other):
    someone = visitor(language)
    page = someone.sign_in(realm, person)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text(words)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == language

    sidebar.get_by_text("English" if language == "zh-CN" else "中文").click()
    expect(sidebar.get_by_text(other)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "zh-CN" else "zh-CN")
    page.reload()
    expect(sidebar.get_by_text(other)).to_be_visible()  # remembered
    sidebar.get_by_text("中文" if language == "zh-CN" else "English").click()
    expect(sidebar.get_by_text(words)).to_be_visible()

    second = someone.tab()
    expect(second.get_by_test_id("stSidebar").get_by_text(words)).to_be_visible()
    sidebar.get_by_text(out).click()
    expect(page.get_by_role("heading", name=again)).to_be_visible()
    second.wait_for_url("**/auth/sign-in?ended=1", timeout=4_000)
    page.goto(someone.portal.url)
    expect(page).to_have_url(f"{someone.portal.url}/auth/sign-in")

    assert someone.outside == []
    assert [text for text in someone.complaints if "Content Security Policy" in text] == []


def test_a_deep_link_survives_the_sign_in(visitor):
    someone = visitor("en")
    page = someone.sign_in("nordfilm", "anna", path="/data?from=mail")
    assert page.url == f"{someone.portal.url}/data?from=mail"


def test_a_role_sees_its_own_pages_only(visitor):
    page = visitor("en").sign_in("vendor", "zhoulan")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Compliance officer")).to_be_visible()
    assert sidebar.get_by_role("link", name="Tenants").count() == 0
    page.goto(page.url.rstrip("/") + "/tenants")  # an address of somebody else's page
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()


def test_signing_out_of_one_browser_leaves_another_one_alone(visitor):
    first, second = visitor("en"), visitor("en")
    page = first.sign_in("nordfilm", "maja")
    other = second.sign_in("nordfilm", "maja")
    page.get_by_test_id("stSidebar").get_by_text("Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    time.sleep(1.5)
    expect(other.get_by_test_id("stSidebar").get_by_text("Finance reader")).to_be_visible()
