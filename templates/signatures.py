"""What a file is, told from its first bytes and never from its name."""

from __future__ import annotations

import re

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BINARY_DXF = b"AutoCAD Binary DXF\r\n\x1a\x00"

_dxf = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:999\r?\n.*\r?\n\s*)*0\s*\r?\nSECTION")
_json = re.compile(rb"\s*(?:\[\s*[\[{\]\"\d]|\{\s*[\"}])")
_pictures: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"\x00\x00\x01\x00", "ICO"),
)
_foreign: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\x00\x00\x00\x18ftyp", "video"),
    (b"\x00\x00\x00 ftyp", "video"),
    (b"AC10", "DWG"),
    (b"{\rtf", "RTF"),
)


def file_kind(data: bytes) -> str:
    r"""What the bytes are: pdf, zip, ole, dxf, json, text, or the name of a kind that is no table.

    >>> file_kind(b"%PDF-1.7"), file_kind(b"PK\x03\x04"), file_kind(b"a,b\n1,2"), file_kind(b"\xff\xd8\xff\xe0")
    ('pdf', 'zip', 'text', 'JPEG')
    """
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(OLE):
        return "ole"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    for magic, kind in (*_pictures, *_foreign):
        if data.startswith(magic) and (len(magic) > 2 or b"\x00" in data[:512]):
            return kind
    if is_dxf(data):
        return "dxf"
    lead = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lead.startswith((b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<!entity", b"<!doctype")):
        return "HTML" if b"<html" in lead else "XML"
    return "json" if is_json(data) else "text"


def is_picture(kind: str) -> bool:
    """Whether a kind that `file_kind` names is a picture."""
    return kind == "WebP" or any(kind == found for _, found in _pictures)


def is_dxf(data: bytes) -> bool:
    r"""Whether the bytes are a DXF drawing.

    >>> is_dxf(b"  0\r\nSECTION\r\n  2\r\nHEADER"), is_dxf(BINARY_DXF + b"x"), is_dxf(b"0,SECTION")
    (True, True, False)
    """
    return data.startswith(BINARY_DXF) or _dxf.match(data) is not None


def is_json(data: bytes) -> bool:
    r"""Whether a text begins as JSON does.

    >>> is_json(b'[{"a": 1}]'), is_json(b'{"a": 1}\n{"a": 2}'), is_json(b"[note] a,b")
    (True, True, False)
    """
    start = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        start = start.replace(b"\x00", b"")[2:]
    return _json.match(start) is not None
