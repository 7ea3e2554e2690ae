"""The whole story in a real browser: a rep invites, a prospect reckons and releases, the rep reads, the officer proves.

In both languages, from an empty workspace to an audited release; a second tenant sees nothing of the first.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.text import speaking, t

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "industry_packs" / "discrete_manufacturing" / "samples"
LONG = 240_000


def settled(page: Page) -> None:
    page.wait_for_selector("[data-testid='stMainBlockContainer'] [data-testid='stElementContainer']", timeout=60_000)
    page.wait_for_selector("[data-test-script-state='notRunning']", state="attached", timeout=LONG)


def go(page: Page, url: str, name: str) -> Page:
    page.goto(f"{url}/{name}")
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    return page


def answer(page: Page) -> Locator:
    return page.locator(".ms-answer").first


def press(page: Page, label: str) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=label, exact=True).first.click()
    settled(page)


def bring(page: Page, url: str, file: Path, keep: str) -> None:
    """Upload a file by our own route, take the proposed mapping, keep it."""
    go(page, url, "data")
    page.locator(".ms-upload input[type=file]").first.set_input_files(file)
    button = page.get_by_role("button", name=keep, exact=True)
    expect(button).to_be_enabled(timeout=LONG)
    button.click()
    expect(page.get_by_text(file.name).first).to_be_visible(timeout=LONG)
    expect(button).to_have_count(0, timeout=LONG)
    settled(page)


@pytest.mark.parametrize(("language", "tag"), [("zh-CN", "zh"), ("en", "en")])
def test_from_the_invitation_to_the_audited_release(visitor, portal, language, tag, tmp_path):
    with speaking(language):
        rep = visitor(language)
        link = invite(rep)
        prospect = visitor(language)
        enter(prospect, portal, link, f"kim.{tag}@brandnew.example")
        page = prospect.page
        bring(page, portal.url, SAMPLES / f"stops_{tag}.csv", t("data.keep"))
        bring(page, portal.url, SAMPLES / f"equipment_{tag}.csv", t("data.keep"))
        bring(page, portal.url, SAMPLES / f"counts_{tag}.csv", t("data.keep"))

        go(page, portal.url, "baseline")
        expect(answer(page)).to_contain_text("OEE")
        expect(page.locator(".ms-strip")).to_contain_text(t("shell.strip.yours"))

        go(page, portal.url, "line")
        press(page, t("line.fit_button"))
        expect(page.locator(".ms-flow-station")).to_have_count(5, timeout=LONG)
        press(page, t("replay.make"))
        expect(page.locator(".ms-gantt-row")).to_have_count(5, timeout=LONG)
        moment = page.get_by_label(t("replay.moment"))
        moment.press("ArrowRight")
        expect(moment).to_have_value("1")
        expect(moment).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d · "))

        go(page, portal.url, "scenarios")
        page.get_by_test_id("stCheckbox").nth(1).locator("label").click()
        settled(page)
        press(page, t("scenarios.plan"))
        press(page, t("scenarios.run"))
        expect(answer(page)).not_to_have_text(t("scenarios.answer_none"), timeout=LONG)
        expect(page.get_by_role("button", name=t("scenarios.run"), exact=True)).to_be_visible(timeout=LONG)
        expect(page.get_by_text(t("scenarios.rough"))).to_have_count(0, timeout=LONG)

        reckon(page, portal.url)

        go(page, portal.url, "checks")
        before = answer(page).inner_text()
        expect(page.get_by_text(t("checks.no_evidence")).last).to_be_visible()  # the whole list is drawn
        page.locator("[class*='st-key-status-']").first.get_by_text(t("checks.not_met"), exact=True).click()
        expect(answer(page)).not_to_have_text(before, timeout=60_000)

        release(page, portal.url)
        read_and_withdraw(rep, page, portal.url)
        audit(visitor(language), portal, tmp_path)

        for someone in (rep, prospect):
            assert someone.outside == []
            assert [text for text in someone.complaints if "Content Security Policy" in text] == []


def invite(rep) -> str:
    page = rep.sign_in("vendor", "chenwei")
    go(page, rep.portal.url, "links")
    page.get_by_label(t("links.label"), exact=True).fill("Brand new")
    press(page, t("links.create"))
    shown = page.get_by_test_id("stCode").first
    expect(shown).to_contain_text("/s/")
    found = re.search(r"/s/[\w-]+", shown.inner_text())
    assert found
    return found.group()


def enter(prospect, portal, link: str, email: str) -> None:
    """Land on the link, sign in with a code that is typed from the outbox, and own an empty workspace."""
    page = prospect.open(link)
    page.locator("#name").fill("Kim")
    page.locator("#email").fill(email)
    page.locator("form:has(#email) button").click()
    page.wait_for_selector("input[name=code]")
    page.locator("input[name=code]").fill(code_for(prospect, email))
    page.locator("form:has(input[name=code]) button").first.click()
    settled(page)
    expect(answer(page)).to_have_text(t("start.answer", left=6))


def code_for(prospect, email: str) -> str:
    outbox = prospect.context.new_page()
    for _ in range(60):
        outbox.goto(f"{prospect.portal.url}/outbox")
        for mail in outbox.locator("article").all():
            text = mail.inner_text()
            found = re.search(r"\b\d{8}\b|\b\d{4}[ -]\d{4}\b", text)
            if email in text and found:
                outbox.close()
                return re.sub(r"\D", "", found.group())
        time.sleep(0.5)
    raise AssertionError("no code was sent")


def reckon(page: Page, url: str) -> None:
    """Type the figures only the prospect knows, give an own guess, see the value and open one number."""
    go(page, url, "value")
    compute = page.get_by_role("button", name=t("value.compute"), exact=True)
    expect(compute).to_be_visible(timeout=60_000)
    fields = page.get_by_test_id("stForm").first.get_by_test_id("stTextInput")
    for number in range(fields.count()):
        field = fields.nth(number).locator("input")
        field.fill("60")
        field.blur()  # Streamlit takes a value over when its field is left
    page.wait_for_timeout(300)
    compute.click()
    settled(page)
    press(page, t("value.guess_keep"))
    expect(page.get_by_text(t("value.npv")).first).to_be_visible(timeout=LONG)
    page.get_by_role("button", name=t("parts.why"), exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(t("value.made_of"))).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")


def release(page: Page, url: str) -> None:
    go(page, url, "release")
    expect(page.get_by_text(t("release.not_sent")).first).to_be_visible()
    page.locator("[class*='st-key-read-'] label").first.click()
    settled(page)
    press(page, t("release.button"))
    expect(answer(page)).to_have_text(t("release.answer_live", count=1), timeout=60_000)


def read_and_withdraw(rep, page: Page, url: str) -> None:
    """The rep reads the bands and nothing else; after the withdrawal there is nothing to read."""
    desk = go(rep.page, url, "released")
    mine = desk.locator(".ms-table")
    expect(mine.first).to_be_visible()
    told = desk.get_by_test_id("stMain").inner_text()
    for secret in ("stops_", "brandnew", "Weld", "焊接", "Press", "冲压"):
        assert secret not in told
    count = mine.count()
    go(page, url, "release")
    press(page, t("release.withdraw"))
    expect(answer(page)).to_have_text(t("release.answer_nothing"), timeout=60_000)
    go(rep.page, url, "released")
    expect(rep.page.locator(".ms-table")).to_have_count(count - 1)


def audit(officer, portal, folder: Path) -> None:
    """The officer finds the release in the log, verifies the log, and the export verifies offline."""
    page = officer.sign_in("vendor", "zhoulan")
    go(page, portal.url, "log")
    expect(page.locator(".ms-table")).to_contain_text(t("actions.withdraw_consent"))
    expect(page.locator(".ms-table")).to_contain_text(t("actions.disclose"))
    go(page, portal.url, "proof")
    press(page, t("proof.verify"))
    expect(page.get_by_text(t("proof.witness")).first).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_text(t("proof.export")).click()
    export = folder / "log.ndjson"
    download.value.save_as(export)
    command = [sys.executable, "-m", "portal.cli", "audit", "verify", str(export), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = export.read_text(encoding="utf-8").splitlines()
    index = next(i for i, line in enumerate(lines) if "withdraw_consent" in line)
    lines[index] = lines[index].replace("withdraw_consent", "withdraw_nothing")
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert json.loads(done.stdout)["index"] is not None


def test_a_second_tenant_sees_nothing_of_the_first(visitor, portal):
    page = visitor("en").sign_in("nordfilm", "anna")
    go(page, portal.url, "data")
    told = page.get_by_test_id("stMain").inner_text()
    assert "stops_en.csv" not in told
    assert "stops_zh.csv" not in told
    with speaking("en"):
        go(page, portal.url, "baseline")
        expect(page.get_by_text(t("baseline.empty"))).to_be_visible()
        go(page, portal.url, "trust")
        expect(answer(page)).to_have_text(t("trust.answer"))


def test_what_the_portal_wrote_holds_nothing_of_a_tenant_in_the_clear(portal):
    """Runs last in this file: database, journal, blobs, keys and output after all the stories."""
    needles = [
        word.encode() for word in ("brandnew.example", "stops_zh", "stops_en", "Robot breakdown", "焊接机器人故障")
    ]
    for file in portal.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            for needle in needles:
                assert needle not in data, f"{needle!r} in {file.name}"
    said = "\n".join(portal.lines)
    assert not [needle for needle in needles if needle.decode() in said]
