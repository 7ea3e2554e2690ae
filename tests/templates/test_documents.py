"""Documents: hostile YAML is refused, and whatever is wrong is named with its place and a remedy."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.documents import (
    MAX_CHARACTERS,
    TIME_UNITS,
    DocumentError,
    expect_kind,
    kind_of,
    load,
    time_text,
    write,
)


def refused(text: str | bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(text, name="x.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate_key", "line 3: a"),
        ("a:\n  - {b: 1, b: 2}\n", "duplicate_key", "line 2: a[0].b"),
        ("a: &x 1\nb: *x\n", "alias", "line 1: a"),
        ("a: [1, &x {}]\n", "alias", "line 1: a[1]"),
        ("a: *nothing\n", "alias", "line 1: a"),
        ("a: !!python/object/apply:os.system [id]\n", "tag", "line 1: a"),
        ("a: !!binary aGk=\n", "tag", "line 1: a"),
        ("!mine\na: 1\n", "tag", "line 1"),
        ("[" * 100, "too_deep", None),
        ("a: 1\n---\nb: 2\n", "several_documents", "line 2"),
        ("", "empty_document", "line 1"),
        ("# only a remark\n", "empty_document", "line 1"),
        ("a: 'open\n", "yaml_syntax", "line 2"),
        ("a:\n\t- b\n", "yaml_syntax", "line 2"),
        ("? [a, b]\n: c\n", "bad_key", "line 1"),
        ("a: \x07\n", "yaml_character", ""),
        (b"a: \xff\n", "not_text", "line 1"),
        (b"a: 1\nb: \xe4\n", "not_text", "line 2"),
        ("a" * (MAX_CHARACTERS + 1), "document_too_large", ""),
        ("[" + "1," * 100_001 + "1]", "too_many_values", None),
    ],
)
def test_a_hostile_or_broken_document_is_refused_with_its_place(
    text: str | bytes, code: str, place: str | None
) -> None:
    error = refused(text)
    assert error.code == code
    assert error.remedy
    assert place is None or error.place == place


def test_a_document_that_multiplies_itself_is_refused_before_it_grows() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    tracemalloc.start()
    error = refused("\n".join(layers))
    assert error.code == "alias"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_scalars_follow_yaml_1_2() -> None:
    text = (
        "a: no\nb: 06:00\nc: 0x10\nd: 1e3\ne: ~\nf: true\ng: 'true'\nh: 2027-06-30\ni: .5\nj: 1_000\nk: .inf\nl: on\n"
    )
    assert load(text, name="x").plain() == {
        "a": "no",
        "b": "06:00",
        "c": "0x10",
        "d": 1000.0,
        "e": None,
        "f": True,
        "g": "true",
        "h": "2027-06-30",
        "i": 0.5,
        "j": "1_000",
        "k": ".inf",
        "l": "on",
    }


def test_json_is_yaml_too() -> None:
    value = {"a": [1, 2.5, None, True, "x: y"], "中文": {"b": []}}
    assert load(json.dumps(value), name="x.json").plain() == value


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**20), 10**20)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(
            st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"), exclude_characters="\ufeff\u2028\u2029"),
            max_size=20,
        ),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), inner, max_size=4)
        ),
        max_leaves=25,
    )
)
def test_what_is_written_is_read_back(value: object) -> None:
    assert load(write(value), name="x").plain() == value


@given(st.floats(min_value=0, max_value=1e12, allow_nan=False))
def test_a_time_is_written_so_that_it_is_read_back_to_the_same_number(seconds: float) -> None:
    node = load(f"t: {time_text(seconds)}", name="x").mapping()["t"]
    assert node.seconds(zero=True) == seconds


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("2.5 s", 2.5), ("45min", 2700), ("8 w", 4_838_400), ("1e-3 h", 3.6), (".5 d", 43_200), ("250 ms", 0.25)],
)
def test_a_time_becomes_seconds(written: str, seconds: float) -> None:
    assert load(f"t: {written}", name="x").mapping()["t"].seconds() == pytest.approx(seconds)
    assert set(TIME_UNITS) == {"ms", "s", "min", "h", "d", "w"}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("3", "time_without_unit"),
        ("3 sec", "unknown_time_unit"),
        ("-3 s", "time_out_of_range"),
        ("0 s", "time_out_of_range"),
        ("1e999 s", "time_out_of_range"),
        ("soon", "expected_time"),
        ("[1 s]", "expected_time"),
        ("true", "expected_time"),
        ("1,5 s", "unknown_time_unit"),
    ],
)
def test_a_time_that_cannot_be_read_says_why(written: str, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load(f"a: 1\nt: {written}", name="x").mapping()["t"].seconds()
    assert (caught.value.code, caught.value.place) == (code, "line 2: t")


@pytest.mark.parametrize(
    ("written", "share"), [("1.5 %", 0.015), ("0.2", 0.2), ("100%", 1.0), ("0", 0.0), ("3％", 0.03)]
)
def test_a_share_is_a_percentage_or_a_fraction(written: str, share: float) -> None:
    assert load(f"s: {written}", name="x").mapping()["s"].share() == pytest.approx(share)


@pytest.mark.parametrize("written", ["1.5", "-1 %", "a lot", "101 %", "true", "5 s"])
def test_a_share_outside_0_to_1_is_refused(written: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load(f"s: {written}", name="x").mapping()["s"].share()
    assert caught.value.place == "line 1: s"


def test_an_unknown_key_is_answered_with_the_nearest_known_one() -> None:
    node = load("nmae: x\ncycle: 2", name="x")
    with pytest.raises(DocumentError) as caught:
        node.fields(needed=("name",), optional=("cycle",))
    assert caught.value.code == "unknown_key"
    assert "'name'" in caught.value.remedy
    assert caught.value.params["guess"] == "name"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(DocumentError) as caught:
        load("a:\n  b: 1", name="x").mapping()["a"].fields(needed=("b", "c"))
    assert (caught.value.code, caught.value.params["key"], caught.value.place) == ("missing_key", "c", "line 1: a")


def test_scalars_of_the_wrong_type_are_named() -> None:
    node = load(
        "number: x\nwhole: 1.5\nyes: 'true'\nlist: 1\nday: 30.6.2027\ntext: [a]\nword: colour\nmap: 3\n", name="x"
    ).mapping()
    for call, code in [
        (node["number"].number, "expected_number"),
        (node["whole"].integer, "expected_integer"),
        (node["yes"].boolean, "expected_yes_no"),
        (node["list"].items, "expected_list"),
        (node["day"].day, "expected_date"),
        (node["text"].text, "expected_text"),
        (lambda: node["word"].choice(("color", "size")), "expected_choice"),
        (node["map"].mapping, "expected_mapping"),
        (lambda: node["map"].number(low=4, high=9), "out_of_range"),
    ]:
        with pytest.raises(DocumentError) as caught:
            call()
        assert caught.value.code == code
        assert caught.value.place.startswith("line ")
        assert caught.value.remedy


def test_a_document_says_its_kind_and_version() -> None:
    assert kind_of(load("mingsuan: line/1", name="x")) == "line"
    assert kind_of(load("a: 1", name="x")) == ""
    for text, code in [
        ("a: 1", "missing_kind"),
        ("mingsuan: study/1", "wrong_kind"),
        ("mingsuan: line/2", "unknown_version"),
    ]:
        with pytest.raises(DocumentError) as caught:
            expect_kind(load(text, name="x"), "line")
        assert caught.value.code == code


def test_a_bilingual_text_needs_both_languages() -> None:
    assert load("{zh-CN: 泵, en: pump}", name="x").bilingual() == {"zh-CN": "泵", "en": "pump"}
    with pytest.raises(DocumentError) as caught:
        load("t: {en: pump}", name="x").mapping()["t"].bilingual()
    assert caught.value.params["key"] == "zh-CN"
