"""One value is exchanged; everything else in the text stays as it was typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import industry_packs
from templates.documents import DocumentError, load
from templates.edits import leaves, remove_item, repeat_item, set_value

TEXT = """\
mingsuan: sample/1
# the author's remark
title: {zh-CN: 换型, en: "Change over"}
effects:
  - low: 15 %  # from the trial
    source: >
      A long
      sentence.
  - low: 20 %
    source: short
allowed: [a, b]
"""
PACK = Path(industry_packs.__file__).parent / "discrete_manufacturing"
FILES = {path.relative_to(PACK).as_posix(): path.read_text("utf-8") for path in sorted(PACK.rglob("*.yaml"))}


def test_only_the_characters_of_the_value_change() -> None:
    assert set_value(TEXT, "effects[0].low", "18 %", name="x") == TEXT.replace("15 %", '"18 %"')
    assert set_value(TEXT, "title.zh-CN", "快速换型", name="x") == TEXT.replace("换型", "快速换型")


def test_a_folded_text_is_replaced_as_a_whole() -> None:
    changed = set_value(TEXT, "effects[0].source", "One: line # no comment", name="x")
    assert load(changed, name="x").find("effects[0].source").value == "One: line # no comment"
    assert "- low: 20 %" in changed
    assert "# the author's remark" in changed


def test_a_text_that_looks_like_a_number_stays_a_text() -> None:
    assert load(set_value(TEXT, "effects[1].source", "12", name="x"), name="x").find("effects[1].source").value == "12"


def test_an_item_is_written_again_and_taken_out() -> None:
    longer = repeat_item(TEXT, "effects[0]", name="x")
    assert [item.find("low").value for item in load(longer, name="x").find("effects").value] == ["15 %", "15 %", "20 %"]
    assert remove_item(longer, "effects[1]", name="x") == TEXT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: set_value(TEXT, "effects[7].low", 1, name="x"), "no_such_place"),
        (lambda: set_value(TEXT, "effects", 1, name="x"), "not_one_value"),
        (lambda: repeat_item(TEXT, "allowed[0]", name="x"), "not_a_block_item"),
        (lambda: repeat_item(TEXT, "title", name="x"), "not_a_block_item"),
        (lambda: remove_item(remove_item(TEXT, "effects[0]", name="x"), "effects[0]", name="x"), "last_item"),
    ],
)
def test_what_cannot_be_done_is_said(change, code) -> None:
    with pytest.raises(DocumentError) as refused:
        change()
    assert refused.value.code == code


@given(
    name=st.sampled_from(sorted(FILES)),
    pick=st.integers(0, 10_000),
    value=st.one_of(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=40),
        st.integers(-(10**9), 10**9),
        st.booleans(),
        st.none(),
    ),
)
def test_any_value_can_be_set_anywhere_and_read_back(name, pick, value) -> None:
    text = FILES[name]
    every = list(leaves(load(text, name=name)))
    leaf = every[pick % len(every)]
    changed = set_value(text, leaf.path, value, name=name)
    after = {one.path: one.value for one in leaves(load(changed, name=name))}
    assert after.pop(leaf.path) == value
    assert after == {one.path: one.value for one in every if one.path != leaf.path}
