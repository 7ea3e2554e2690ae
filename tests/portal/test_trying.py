"""A first answer before anybody has signed in: few fields, each with its reason, a range, and nothing left behind."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from industry_packs.pack import shipped_packs


class Form(HTMLParser):
    """The fields of a page and what describes them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.described: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.ids.add(known.get("id", ""))
        if tag == "input" and known.get("name"):
            self.fields[known["name"]] = known.get("value", "")
            self.described.append(known.get("aria-describedby", ""))
        if tag == "a":
            self.links.append(known.get("href", ""))


PAINS = [(pack.manifest.id, pain.id) for pack in shipped_packs() for pain in pack.decision_map.pains]


@pytest.mark.parametrize(("pack", "pain"), PAINS, ids=[f"{pack}-{pain}" for pack, pain in PAINS])
def test_every_pain_leads_to_few_fields_with_reasons_and_a_result_or_says_what_it_needs(house, pack, pain):
    client = house.client()
    page = client.get(f"/s/none/try?industry={pack}&pain={pain}")
    assert page.status_code == 200
    form = Form(page.text)
    if not form.fields:
        assert "/s/none" in form.links
        return
    assert len(form.fields) <= 11  # ten and the own guess
    assert all(one in form.ids for one in form.described)
    house.gate.buckets.clear()
    answer = client.post(
        f"/s/none/try?industry={pack}&pain={pain}", data={**form.fields, "guess": "1"}, headers={"origin": house.url}
    )
    assert answer.status_code == 200
    assert 'class="answer"' in answer.text, re.findall(r'role="alert">([^<]*)', answer.text)
    assert Form(answer.text).fields["guess"] == "1"
    assert re.search("十种情况中有八种|in eight of ten cases", answer.text)  # never a bare figure


def test_what_is_typed_stays_in_the_form_and_is_never_markup(house):
    client = house.client()
    where = "/s/none/try?industry=discrete-manufacturing&pain=unplanned-stops"
    form = Form(client.get(where).text)
    wrong = {**form.fields, "time_per_stop": '"><b>12 kg'}
    answer = client.post(where, data=wrong, headers={"origin": house.url})
    assert "<b>12 kg" not in answer.text
    assert 'role="alert"' in answer.text
    assert Form(answer.text).fields["time_per_stop"] == '"><b>12 kg'


def test_another_site_cannot_send_the_form(house):
    client = house.client()
    answer = client.post(
        "/s/none/try?pain=unplanned-stops", data={"guess": "1"}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "邀请人"), ("en", "Who invited you")])
def test_the_invitation_says_who_gets_what_in_three_lines(house, language, words):
    client = house.client(**{"accept-language": language})
    page = client.get("/s/anything")
    lines = re.findall(r"<li>(.*?)</li>", page.text)
    assert len(lines) == 3
    assert any(words in line for line in lines)
    assert "/s/anything/try" in Form(page.text).links
