"""Files that want to hurt: every one is refused in seconds with its reason, or read for what it is."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable

import openpyxl
import pikepdf
import pytest

from templates.files import Caps, FileRefused, open_tables
from templates.mapping import understand

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(200)
TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def book(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(data: bytes, changes: dict[str, Callable[[bytes], bytes]], extra: dict[str, bytes] | None = None) -> bytes:
    members: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            members[name] = changes.get(name, lambda content: content)(archive.read(name))
    return packed({**members, **(extra or {})})


SHEET = book(["Machine", "Start", "End", "Reason"], ["M1", "2026-01-05 08:00", "2026-01-05 08:10", "jam"])


def lying_bomb() -> bytes:
    """A sheet that inflates to 60 MB and says in its directory that it has 1,000 bytes."""
    data = bytearray(changed(SHEET, {"xl/worksheets/sheet1.xml": lambda _: b"<worksheet>" + b" " * (60 * 2**20)}))
    where = data.find(b"xl/worksheets/sheet1.xml")
    while where > 0:
        header = data.rfind(b"PK\x01\x02", 0, where)
        if header >= 0 and where - header == 46:
            data[header + 24 : header + 28] = (1000).to_bytes(4, "little")
        where = data.find(b"xl/worksheets/sheet1.xml", where + 1)
    return bytes(data)


def entity_bomb() -> bytes:
    lines = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{lines}]><sst>&a9;</sst>'
    return changed(SHEET, {"xl/workbook.xml": lambda _: text.encode()})


def far_apart() -> bytes:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return changed(
        SHEET, {"xl/worksheets/sheet1.xml": lambda _: b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>"}
    )


def ole(*entries: str) -> bytes:
    """As much of a compound file as its directory: each entry's name in 64 bytes and its length."""
    out = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1528)
    for entry in entries:
        name = entry.encode("utf-16-le") + b"\x00\x00"
        out += name.ljust(64, b"\x00") + len(name).to_bytes(2, "little") + bytes(62)
    return out + bytes(600)


def encrypted_ole() -> bytes:
    return ole("Root Entry", "EncryptionInfo", "EncryptedPackage")


def macro_ole() -> bytes:
    return ole("Root Entry", "Workbook", "_VBA_PROJECT_CUR", "VBA")


def pdf(change: Callable[[pikepdf.Pdf], None], **save: object) -> bytes:
    made = pikepdf.new()
    made.add_blank_page(page_size=(300, 300))
    change(made)
    out = io.BytesIO()
    made.save(out, **save)
    return out.getvalue()


def looping_pages() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def pdf_bomb() -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(made, b"")
        stream.write(zlib.compress(b" " * (80 * 2**20), 9), filter=pikepdf.Name.FlateDecode)
        made.pages[0].Contents = made.make_indirect(stream)

    return pdf(change)


def script_pdf() -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    return pdf(change)


def attached_pdf() -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.attachments["x.exe"] = b"MZ"

    return pdf(change)


def locked_pdf() -> bytes:
    return pdf(lambda _: None, encryption=pikepdf.Encryption(owner="o", user="u"))


def private_font_pdf() -> bytes:
    """A page whose letters have no meaning: a composite font without any map to Unicode."""

    def change(made: pikepdf.Pdf) -> None:
        below = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.CIDFontType2, BaseFont=pikepdf.Name.Hidden,
            CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        )  # fmt: skip
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, BaseFont=pikepdf.Name.Hidden,
            Encoding=pikepdf.Name("/Identity-H"), DescendantFonts=pikepdf.Array([made.make_indirect(below)]),
        )  # fmt: skip
        made.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=made.make_indirect(font)))
        codes = "".join(f"{k:04x}" for k in range(40, 120))
        made.pages[0].Contents = made.make_stream(f"BT /F1 12 Tf 20 200 Td <{codes}> Tj ET".encode())

    return pdf(change)


HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "nothing": (lambda: b"", "a.csv", "empty_file"),
    "blanks": (lambda: b" \r\n\t\n" * 100, "a.csv", "empty_file"),
    "only a mark": (lambda: b"\xef\xbb\xbf\r\n", "a.csv", "empty_file"),
    "picture named csv": (lambda: PNG, "stops.csv", "not_this_type"),
    "photograph named xlsx": (lambda: b"\xff\xd8\xff\xe0" + bytes(500), "stops.xlsx", "not_this_type"),
    "60 MB": (lambda: b"a,b\n" * 15_000_000, "stops.csv", "too_large"),
    "program": (lambda: b"MZ\x90\x00" + bytes(2000), "stops.csv", "not_this_type"),
    "web page": (lambda: b"<!DOCTYPE html><html><table></table></html>", "stops.xls", "not_this_type"),
    "NUL bytes": (lambda: b"a,b\n1,2\n" + bytes(50) + b"3,4\n", "stops.csv", "not_this_type"),
    "noise": (lambda: bytes(range(1, 256)) * 40, "stops.csv", "not_this_type"),
    "a million columns": (lambda: b"a," * 1_000_000 + b"a\n1,2\n", "stops.csv", "too_large"),
    "one endless line": (lambda: b"x" * 5_000_000, "stops.csv", "not_this_type"),
    "plain zip": (lambda: packed({"readme.txt": b"x"}), "stops.xlsx", "not_this_type"),
    "broken zip": (lambda: SHEET[: len(SHEET) // 2], "stops.xlsx", "damaged"),
    "lying zip bomb": (lying_bomb, "stops.xlsx", "bomb|damaged"),
    "honest zip bomb": (
        lambda: changed(SHEET, {"xl/worksheets/sheet1.xml": lambda _: b"<worksheet>" + b" " * (60 * 2**20)}),
        "stops.xlsx",
        "bomb",
    ),
    "entity bomb": (entity_bomb, "stops.xlsx", "bomb"),
    "two cells at the far ends of a sheet": (far_apart, "stops.xlsx", "too_large"),
    "thousands of members": (
        lambda: changed(SHEET, {}, {f"xl/media/{k}.png": b"x" for k in range(500)}), "stops.xlsx", "bomb"
    ),
    "path out of the container": (lambda: changed(SHEET, {}, {"../../etc/passwd": b"x"}), "stops.xlsx", "damaged"),
    "macros": (lambda: changed(SHEET, {}, {"xl/vbaProject.bin": b"x"}), "stops.xlsx", "macro"),
    "macros by type": (
        lambda: changed(
            SHEET, {"[Content_Types].xml": lambda text: text.replace(b"sheet.main", b"sheet.macroEnabled.main")}
        ),
        "stops.xlsx",
        "macro",
    ),
    "old macros": (macro_ole, "stops.xls", "macro"),
    "encrypted workbook": (encrypted_ole, "stops.xlsx", "password"),
    "old container without a book": (lambda: ole("Root Entry", "WordDocument"), "a.xls", "not_this_type"),
    "old container of something else": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.xls", "not_this_type"),
    "locked PDF": (locked_pdf, "a.pdf", "password"),
    "PDF page loop": (looping_pages, "a.pdf", "damaged"),
    "PDF bomb": (pdf_bomb, "a.pdf", "bomb"),
    "PDF with a script": (script_pdf, "a.pdf", "macro"),
    "PDF with an attachment": (attached_pdf, "a.pdf", "macro"),
    "PDF without text": (lambda: pdf(lambda _: None), "a.pdf", "scan"),
    "PDF with a font that hides its letters": (private_font_pdf, "a.pdf", "unreadable_font"),
    "PDF head only": (lambda: b"%PDF-1.7\n", "a.pdf", "damaged"),
    "DXF head only": (lambda: b"  0\nSECTION\n  2\nHEADER\n", "a.dxf", "damaged|read"),
    "nested JSON": (lambda: b"[" * 100_000 + b"]" * 100_000, "a.json", "damaged"),
    "JSON cut off": (lambda: b'[{"a": 1}, {"a": ', "a.json", "damaged"),
    "JSON without records": (lambda: b'{"a": []}', "a.json", "not_this_type"),
    "JSON with a giant number": (lambda: b'[{"a": ' + b"9" * 10_000 + b"}]", "a.json", "damaged|read"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_with_their_reason(case: str) -> None:
    make, name, code = HOSTILE[case]
    data = make()
    try:
        understand(open_tables(data, name))
    except FileRefused as refused:
        assert refused.code in code.split("|"), (refused.code, str(refused))
        assert refused.remedy
        assert name in str(refused)
        return
    assert "read" in code.split("|"), "it was read"


def test_duplicate_members_are_refused() -> None:
    out = io.BytesIO(SHEET)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet/>")
    with pytest.raises(FileRefused) as caught:
        open_tables(out.getvalue(), "stops.xlsx")
    assert caught.value.code == "bomb"


def test_links_to_other_files_are_not_followed_but_told() -> None:
    opened = open_tables(changed(SHEET, {}, {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "stops.xlsx")
    assert [note.code for note in opened.notes] == ["external_links"]
    assert opened.tables[0].headers == ("Machine", "Start", "End", "Reason")


def test_a_table_under_a_wrong_ending_is_read_for_what_it_is() -> None:
    opened = open_tables(SHEET, "stops.csv")
    assert [note.code for note in opened.notes] == ["ending_differs"]
    assert len(opened.tables) == 1


def test_cells_that_look_like_formulas_stay_text() -> None:
    opened = open_tables(b"Machine,Start,End,Reason\nM1,2026-01-05,2026-01-06,=cmd|' /C calc'!A0\n", "stops.csv")
    table = understand(opened).tables[0]
    assert table.apply()["reason"].tolist() == ["=cmd|' /C calc'!A0"]


def test_an_open_quotation_mark_does_not_swallow_the_file() -> None:
    rows = "".join(f"M1,2026-01-05 08:{k % 60:02d},2026-01-05 09:00,jam\n" for k in range(200))
    opened = open_tables(
        ('Machine,Start,End,Reason\nM1,2026-01-05 07:00,2026-01-05 07:05,"jam\n' + rows).encode(), "a.csv"
    )
    assert "quote_unbalanced" in {note.code for note in opened.notes}
    assert len(opened.tables[0]) == 201


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(FileRefused) as caught:
        open_tables(b"a,b\n" + b"1,2\n" * 2000, "a.csv", caps=Caps(rows=1000))
    assert caught.value.code == "too_large"
    with pytest.raises(FileRefused):
        open_tables(b"a,b\n" + b"1,2\n" * 100_000, "a.csv", caps=Caps(rows=1000))


def test_a_sheet_is_chosen_by_name_and_an_unknown_one_is_named() -> None:
    made = openpyxl.Workbook()
    made.active.title = "Notes"
    made.active.append(["Machine", "Buffer"])
    made.active.append(["M1", 1])
    other = made.create_sheet("停机")
    other.append(["设备", "开始时间", "结束时间", "停机原因"])
    other.append(["M1", "2026-01-05 08:00", "2026-01-05 08:10", "卡料"])
    out = io.BytesIO()
    made.save(out)
    assert [table.place for table in open_tables(out.getvalue(), "a.xlsx").tables] == ["Notes", "停机"]
    assert [table.place for table in open_tables(out.getvalue(), "a.xlsx", sheet="停机").tables] == ["停机"]
    with pytest.raises(FileRefused) as caught:
        open_tables(out.getvalue(), "a.xlsx", sheet="Stops")
    assert "停机" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([{"machine": "M1", "start": "2026-01-05T08:00:00Z", "end": "2026-01-05T08:10:00Z", "reason": "jam"}]),
        (
            '{"machine": "M1", "start": "2026-01-05T08:00:00Z", "end": "2026-01-05T08:10:00Z", "reason": "jam"}\n'
            '{"machine": "M2", "start": "2026-01-05T09:00:00Z", "end": "2026-01-05T09:10:00Z", "reason": "jam"}\n'
        ),
        json.dumps({"stops": [{"machine": "M1", "start": 1767600000, "end": 1767600600, "reason": "jam"}]}),
        json.dumps({"machine": ["M1"], "start": ["2026-01-05 08:00"], "end": ["2026-01-05 08:10"], "reason": ["jam"]}),
        json.dumps([["machine", "start", "end", "reason"], ["M1", "2026-01-05 08:00", "2026-01-05 08:10", "jam"]]),
        json.dumps([{"asset": {"machine": "M1"}, "start": "2026-01-05 08:00", "end": "2026-01-05 08:10", "reason": "jam"}]),
    ],
    ids=["objects", "lines", "inside", "columns", "rows", "nested"],
)  # fmt: skip
def test_json_in_the_shapes_of_real_interfaces(data: str) -> None:
    (table,) = understand(open_tables(data.encode(), "stops.json")).tables
    assert table.kind == "stops"
    assert table.facts["total_downtime_s"] == 600 * len(table.raw)


def test_broken_lines_of_json_are_named() -> None:
    lines = '{"machine": "M1", "start": "2026-01-05T08:00:00"}\n' * 5 + "{broken\n"
    opened = open_tables(lines.encode(), "stops.ndjson")
    assert [(note.code, note.row) for note in opened.notes] == [("lines_broken", 6)]
