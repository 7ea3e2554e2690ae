"""The watermark inside a file: in JSON, CSV, PDF, XLSX and DOCX by one rule, found again and checked offline.

A writer puts `room(mark)` where the tag shall stand: a JSON field, a trailer row of a CSV, the XMP of a PDF, a document
property of a workbook. `marked` fills it. The tag signs the SHA-256 of the file with the tag blanked out to zeros; of a
ZIP container (XLSX, DOCX) the names and the inflated bytes of its members count, so packing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from privacy.vault import PrivacyError
from privacy.watermark import Watermark, read_stamp, stamp

MOST_INFLATED: Final = 256 * 2**20
MOST_MEMBERS: Final = 2_000
_CHUNK: Final = 2**20
_TAG: Final = re.compile(rb"mw1\.([A-Za-z0-9_-]{80,4000})\.([A-Za-z0-9_-]{86})(?![A-Za-z0-9_-])")
_EMPTY: Final = "0" * 64
_ZIP: Final = b"PK\x03\x04"
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
)
"""What reading a container raises whose bytes are not what its directory says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What was found in a file: the tag as it stands there, and what it says."""

    tag: str
    mark: Watermark


def room(mark: Watermark) -> str:
    """What a writer puts where the tag of this mark shall stand: as long as the tag will be, and no tag itself."""
    said = stamp(replace(mark, sha256=_EMPTY), seed=bytes(32)).split(".")[1]
    return f"mw1.{'0' * len(said)}.{'0' * 86}"


def marked(data: bytes, mark: Watermark, *, seed: bytes) -> bytes:
    """The file with the tag in the room that its writer left; `mark.sha256` is set to what the file holds.

    `PrivacyError` (watermark_no_room) where there is no such room.
    """
    place = room(mark).encode()
    members = _members(data) if data.startswith(_ZIP) else None
    holds = any(place in body for _, body in members) if members is not None else place in data
    if not holds:
        raise PrivacyError(
            "the file has no room for a watermark",
            code="watermark_no_room",
            remedy="This is a fault of ours; nothing was handed out.",
        )
    tag = stamp(replace(mark, sha256=content_sha256(data)), seed=seed).encode()
    if members is None:
        return data.replace(place, tag)
    return _packed(data, [(name, body.replace(place, tag)) for name, body in members])


def find_tag(data: bytes) -> str:
    """The one tag of a file; `PrivacyError` (watermark_missing, watermark_unreadable where there are several)."""
    bodies = [body for _, body in _members(data)] if data.startswith(_ZIP) else [data]
    tags = sorted({found.group() for body in bodies for found in _TAG.finditer(body)})
    if not tags:
        raise PrivacyError(
            "the file carries no watermark",
            code="watermark_missing",
            remedy="It did not leave this portal in this form, or the watermark was taken out of it.",
        )
    if len(tags) > 1:
        raise PrivacyError(
            "the file carries more than one watermark",
            code="watermark_several",
            remedy="It was put together from several files: check each of them.",
        )
    return tags[0].decode()


def content_sha256(data: bytes) -> str:
    """The hex SHA-256 of a file with every tag blanked; of a ZIP container that of its members, in order of names."""
    if not data.startswith(_ZIP):
        return hashlib.sha256(_blanked(data)).hexdigest()
    whole = hashlib.sha256()
    for name, body in sorted(_members(data)):
        whole.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(_blanked(body)).digest())
    return whole.hexdigest()


def check_file(data: bytes, *, public_key: bytes) -> Marked:
    """What the watermark of a file says, if it is genuine and of this very content.

    `PrivacyError`: watermark_missing, watermark_several, watermark_unreadable, watermark_forged, watermark_moved,
    file_damaged, file_inflated.
    """
    tag = find_tag(data)
    return Marked(tag=tag, mark=read_stamp(tag, public_key=public_key, sha256=content_sha256(data)))


def _blanked(data: bytes) -> bytes:
    return _TAG.sub(lambda found: b"mw1." + b"0" * len(found[1]) + b"." + b"0" * len(found[2]), data)


def _members(data: bytes) -> list[tuple[str, bytes]]:
    """Names and bytes of a ZIP container, counted while they inflate; a name that stands there twice is refused."""
    try:
        return _opened(data)
    except PrivacyError:
        raise
    except _BROKEN as error:
        raise _damaged() from error


def _opened(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS or len({info.filename for info in infos}) != len(infos):
            raise _damaged()
        found, inflated = [], 0
        for info in infos:
            pieces = []
            for piece in _inflated(archive, info):
                inflated += len(piece)
                if inflated > MOST_INFLATED:
                    raise PrivacyError(
                        "the file inflates to more than is read",
                        code="file_inflated",
                        remedy="Files that left this portal are smaller; do not open it.",
                    )
                pieces.append(piece)
            found.append((info.filename, b"".join(pieces)))
        return found


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as member:
        while piece := member.read(_CHUNK):
            yield piece


def _packed(data: bytes, members: list[tuple[str, bytes]]) -> bytes:
    """The container again, each member with the name, time and packing that it had."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as archive:
        infos = {info.filename: info for info in before.infolist()}
        for name, body in members:
            archive.writestr(infos[name], body, compress_type=infos[name].compress_type)
    return out.getvalue()


def _damaged() -> PrivacyError:
    return PrivacyError(
        "the file is damaged, or not what its name says",
        code="file_damaged",
        remedy="Ask for the file again.",
    )
