"""Watermarks on what is handed out: one call for every form, signed by this installation.

    mark = watermark_of(workspace, purpose="offer_preparation", consent=consent, data_digest=digest)
    data = watermarked(workspace, data, mark, form="pdf")

`mingsuan watermark verify FILE` and the page `/verify` check what comes back.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final, Literal
from xml.etree.ElementTree import Element, register_namespace, tostring

import pikepdf
from defusedxml.ElementTree import fromstring

from portal.rooms import NAMES, RECEIPTS, DataKeys, installation_key
from portal.workspace import Clock, Workspace
from privacy.audit import pseudonym
from privacy.marked import marked, room
from privacy.signature import public_bytes
from privacy.watermark import Watermark

Form = Literal["json", "csv", "xlsx", "docx", "pdf", "html"]
CSV_MARK: Final = "#watermark"
FIELD: Final = "watermark"
_CORE: Final = "docProps/core.xml"
_DC: Final = "http://purl.org/dc/elements/1.1/"
for _prefix, _uri in (
    ("cp", "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"),
    ("dc", _DC),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("dcmitype", "http://purl.org/dc/dcmitype/"),
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
):
    register_namespace(_prefix, _uri)


def watermark_of(
    workspace: Workspace, *, purpose: str, consent: str = "", data_digest: str = "", policy: str = ""
) -> Watermark:
    """Return the watermark of a file that this member takes now; the log knows him by the recipient's pseudonym."""
    at = workspace.clock()
    names = installation_key(workspace.data_keys, NAMES, at=at, tx=workspace.tx)
    return Watermark(
        consent=consent,
        purpose=purpose,
        recipient=pseudonym(names, workspace.member.id),
        data_digest=data_digest,
        policy=policy,
        sha256="",
        at=at,
    )


def watermarked(workspace: Workspace, data: bytes, mark: Watermark, *, form: Form) -> bytes:
    """Return the file with its watermark: a field of JSON, a trailer row of CSV, a document property, XMP of a PDF."""
    writers = {"json": _json, "csv": _csv, "pdf": _pdf, "xlsx": _office, "docx": _office, "html": _html}
    seed = installation_key(workspace.data_keys, RECEIPTS, at=workspace.clock(), tx=workspace.tx)
    return marked(writers[form](data, room(mark)), mark, seed=seed)


def published_key(data_keys: DataKeys, clock: Clock) -> bytes:
    """Return the 32 bytes of the public key that receipts and watermarks are checked with."""
    return public_bytes(installation_key(data_keys, RECEIPTS, at=clock()))


def _json(data: bytes, tag: str) -> bytes:
    document: dict[str, Any] = json.loads(data)
    return json.dumps({**document, FIELD: tag}, ensure_ascii=False, indent=2).encode()


def _csv(data: bytes, tag: str) -> bytes:
    body = data if data.endswith(b"\n") or not data else data + b"\r\n"
    return body + f"{CSV_MARK},{tag}\r\n".encode()


def _html(data: bytes, tag: str) -> bytes:
    """Set a named head entry of a page of ours."""
    return data.replace(b"</head>", f'<meta name="{FIELD}" content="{tag}"></head>'.encode(), 1)


def _pdf(data: bytes, tag: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as about:
            about["dc:identifier"] = tag
        document.save(out, deterministic_id=True)
    return out.getvalue()


def _office(data: bytes, tag: str) -> bytes:
    """Set the description among a document's core properties; its other parts stay as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as archive:
        for info in before.infolist():
            body = before.read(info)
            if info.filename == _CORE:
                core = fromstring(body)
                place = core.find(f"{{{_DC}}}description")
                if place is None:
                    place = Element(f"{{{_DC}}}description")
                    core.append(place)
                place.text = tag
                body = tostring(core, encoding="utf-8", xml_declaration=True)
            archive.writestr(info, body, compress_type=info.compress_type)
    return out.getvalue()
