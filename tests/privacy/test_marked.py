"""The watermark inside a file: one rule for every form."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime

import pikepdf
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from privacy.marked import check_file, content_sha256, find_tag, marked, room
from privacy.signature import public_bytes
from privacy.vault import PrivacyError
from privacy.watermark import Watermark, read_stamp

SEED = bytes(range(32))
PUBLIC = public_bytes(SEED)
MARK = Watermark(
    consent="7f3a",
    purpose="offer_preparation",
    recipient="rep",
    data_digest="ff" * 32,
    policy="standard@1",
    sha256="",
    at=datetime(2026, 11, 25, 22, 30, 1, 250_000, tzinfo=UTC),
)


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def as_json() -> bytes:
    return json.dumps({"fields": {"oee": ["70-75"]}, "watermark": room(MARK)}, indent=1).encode()


def as_csv() -> bytes:
    return f"field,value\nOEE,70-75\n#watermark,{room(MARK)}\n".encode()


def as_xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("result")
        sheet.write(0, 0, "OEE")
        book.set_properties({"comments": room(MARK)})
    return out.getvalue()


def as_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        with document.open_metadata() as about:
            about["dc:identifier"] = room(MARK)
        document.save(out)
    return out.getvalue()


FORMS = pytest.mark.parametrize("make", [as_json, as_csv, as_xlsx, as_pdf])


@FORMS
def test_a_marked_file_says_whose_it_is_and_still_opens(make) -> None:
    bare = make()
    done = marked(bare, MARK, seed=SEED)
    found = check_file(done, public_key=PUBLIC)
    assert (found.mark.consent, found.mark.recipient, found.mark.at) == (MARK.consent, MARK.recipient, MARK.at)
    assert found.mark.sha256 == content_sha256(done) == content_sha256(bare)
    if make is as_pdf:
        with pikepdf.open(io.BytesIO(done)) as document:
            assert str(document.open_metadata()["dc:identifier"]) == found.tag
    if make is as_xlsx:
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(done))
        assert (book["result"]["A1"].value, book.properties.description) == ("OEE", found.tag)


@FORMS
def test_a_changed_file_is_refused(make) -> None:
    done = marked(make(), MARK, seed=SEED)
    if make is as_xlsx:
        changed = _with(done, b"OEE", b"OEF")
    else:
        changed = done.replace(b"70-75", b"75-80") if b"70-75" in done else done + b"\n%more"
    with refusal("watermark_moved"):
        check_file(changed, public_key=PUBLIC)


@FORMS
def test_a_tag_of_another_file_is_refused(make) -> None:
    tag = find_tag(marked(b"other " + room(MARK).encode(), MARK, seed=SEED))
    done = marked(make(), MARK, seed=SEED)
    own = find_tag(done)
    moved = _with(done, own.encode(), tag.encode()) if make is as_xlsx else done.replace(own.encode(), tag.encode())
    with refusal("watermark_moved"):
        check_file(moved, public_key=PUBLIC)


@FORMS
def test_another_signer_is_refused(make) -> None:
    with refusal("watermark_forged"):
        check_file(marked(make(), MARK, seed=bytes(32)), public_key=PUBLIC)


def test_a_workbook_that_was_packed_again_is_still_the_same() -> None:
    done = marked(as_xlsx(), MARK, seed=SEED)
    assert check_file(_with(done, b"", b""), public_key=PUBLIC).mark.consent == MARK.consent


def test_a_file_without_or_with_several_watermarks_is_told_apart() -> None:
    with refusal("watermark_missing"):
        check_file(b"nothing here", public_key=PUBLIC)
    two = marked(as_csv(), MARK, seed=SEED) + marked(as_json(), MARK, seed=SEED)
    with refusal("watermark_several"):
        check_file(two, public_key=PUBLIC)
    with refusal("watermark_no_room"):
        marked(b"no room", MARK, seed=SEED)


def test_an_unfilled_room_is_no_watermark() -> None:
    for make in (as_json, as_xlsx):
        with pytest.raises(PrivacyError):
            check_file(make(), public_key=PUBLIC)


def test_a_container_that_inflates_without_end_or_lies_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}", bytes(100 * 2**20))
    with refusal("file_inflated"):
        check_file(bomb.getvalue(), public_key=PUBLIC)
    with refusal("file_damaged"):
        check_file(b"PK\x03\x04" + bytes(100), public_key=PUBLIC)
    twice = io.BytesIO()
    with pytest.warns(UserWarning), zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    with refusal("file_damaged"):
        check_file(twice.getvalue(), public_key=PUBLIC)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_container_whose_packed_bytes_are_nonsense_is_refused_as_damaged(packing) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        archive.writestr("a", bytes(range(256)) * 40)
    data = bytearray(made.getvalue())
    start = data.index(b"a") + 1
    data[start : start + 40] = b"\xff" * 40
    with refusal("file_damaged"):
        check_file(bytes(data), public_key=PUBLIC)


@given(st.binary(max_size=400), st.text(max_size=40))
def test_whatever_a_file_holds_its_mark_is_found_and_its_content_bound(content, purpose) -> None:
    from dataclasses import replace

    mark = replace(MARK, purpose=purpose)
    data = b"x" + content + b" " + room(mark).encode() + b"\n"
    done = marked(data, mark, seed=SEED)
    assert check_file(done, public_key=PUBLIC).mark.purpose == purpose
    assert read_stamp(find_tag(done), public_key=PUBLIC).sha256 == content_sha256(data)


def _with(data: bytes, old: bytes, new: bytes) -> bytes:
    """A ZIP container packed again, with something exchanged in its members."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for info in before.infolist():
            body = before.read(info)
            archive.writestr(info.filename, body.replace(old, new) if old else body)
    return out.getvalue()
