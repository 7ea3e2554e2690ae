"""Layout drawings become a table of what is drawn: DXF, ASCII or binary, broken ones recovered (ezdxf).

The strict reader goes first because the recovering one throws entities with a doubled handle away; both keep to the
model space, which is where a plant is drawn.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
from ezdxf import recover
from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.lwpolyline import LWPolyline
from ezdxf.entities.polyline import Polyline
from ezdxf.filemanagement import read as read_strictly
from ezdxf.lldxf.const import DXFError
from ezdxf.lldxf.tagger import binary_tags_loader
from ezdxf.tools.codepage import toencoding

from templates.layout import write_path
from templates.signatures import BINARY_DXF
from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable

UNITS: dict[int, tuple[str, float]] = {
    1: ("in", 0.0254), 2: ("ft", 0.3048), 4: ("mm", 0.001), 5: ("cm", 0.01), 6: ("m", 1.0), 7: ("km", 1000.0),
    10: ("yd", 0.9144), 14: ("dm", 0.1),
}  # fmt: skip
"""$INSUNITS of the drawing's header: short name and metres in one (AutoCAD DXF reference, header variables)."""

_codepage = re.compile(rb"\$DWGCODEPAGE\s+3\s+([A-Za-z0-9_]+)")
_version = re.compile(rb"\$ACADVER\s+1\s+AC(\d{4})")
_places = ("insert", "start", "center", "location", "defpoint")
_quiet = logging.getLogger("ezdxf")


def read_dxf(data: bytes, name: str, caps: Caps) -> Opened:
    """Read a drawing. Raises FileRefused (damaged, too_large)."""
    _quiet.setLevel(logging.CRITICAL)
    drawing, recovered = _drawing(data, name)
    space = drawing.modelspace()
    if len(space) > caps.entities:
        raise FileRefused(
            f"{name}: more than {caps.entities:,} entities",
            code="too_large",
            remedy="Export only the layers with machines, walls and ways.",
            file=name,
            limit=caps.entities,
            what="entities",
        )
    unit = drawing.header.get("$INSUNITS", 0) or None
    kinds = Counter(entity.dxftype() for entity in space)
    facts: dict[str, object] = {
        "entities": len(space),
        "lines": kinds["LINE"],
        "texts": kinds["TEXT"] + kinds["MTEXT"],
        "units": unit,
        "layers": len(drawing.layers),
    }
    notes = [Note(code="drawing_recovered")] if recovered else []
    if unit is None:
        notes.append(Note(code="drawing_without_unit"))
    return Opened(name=name, sha256="", facts=facts, tables=(_table(space, unit),), notes=tuple(notes))


def _drawing(data: bytes, name: str) -> tuple[Drawing, bool]:
    try:
        if data.startswith(BINARY_DXF):
            return Drawing.load(binary_tags_loader(data)), False
        return read_strictly(io.StringIO(_text(data))), False
    except (DXFError, ValueError, KeyError, IndexError, AttributeError, TypeError):
        pass
    try:
        return recover.read(io.BytesIO(data))[0], True
    except (DXFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise FileRefused(
            f"{name}: the drawing is damaged beyond what can be recovered",
            code="damaged",
            remedy="Open it in a CAD program, save it as DXF R2013 and upload that file.",
            file=name,
        ) from error


def _text(data: bytes) -> str:
    version = _version.search(data[:20_000])
    page = _codepage.search(data[:20_000])
    encoding = "utf-8"
    if (version is None or int(version[1]) < 1021) and page is not None:
        encoding = toencoding(page[1].decode("ascii"))
    elif version is None or int(version[1]) < 1021:
        encoding = "cp1252"
    text = data.decode(encoding, errors="surrogateescape").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _table(space: Iterable[DXFEntity], unit: int | None) -> RawTable:
    columns: dict[str, list[Cell]] = {key: [] for key in ("element", "layer", "label", "x", "y", "path")}
    for entity in space:
        columns["element"].append(entity.dxftype())
        columns["layer"].append(_clean(str(entity.dxf.get("layer", ""))))
        columns["label"].append(_label(entity))
        x, y = _place(entity)
        columns["x"].append(x)
        columns["y"].append(y)
        columns["path"].append(_path(entity))
    size = len(columns["x"])
    short = UNITS[unit][0] if unit in UNITS else ""
    return RawTable(
        name="modelspace",
        place="modelspace",
        headers=tuple(columns),
        columns=tuple(columns.values()),
        rows=np.arange(1, size + 1, dtype=np.int64),
        units=("", "", "", short, short, ""),
        kind="layout",
    )


def _label(entity: DXFEntity) -> str | None:
    kind = entity.dxftype()
    if kind == "TEXT":
        return _clean(str(entity.dxf.get("text", ""))) or None
    if kind == "MTEXT":
        return _clean(entity.plain_text()) or None  # type: ignore[attr-defined]  # only MTEXT gets here
    if kind == "INSERT":
        return _clean(str(entity.dxf.get("name", ""))) or None
    return None


def _place(entity: DXFEntity) -> tuple[float | None, float | None]:
    for key in _places:
        if entity.dxf.is_supported(key) and entity.dxf.hasattr(key):
            point = entity.dxf.get(key)
            return float(point.x), float(point.y)
    if entity.dxftype() == "LWPOLYLINE":
        for x, y, *_ in entity.get_points():  # type: ignore[attr-defined]  # only LWPOLYLINE gets here
            return float(x), float(y)
    return None, None


def _path(entity: DXFEntity) -> str | None:
    """The corners of a line or polyline, closed ones back to their first; None for all else."""
    points: list[tuple[float, float]] = []
    if entity.dxftype() == "LINE":
        points = [(float(point.x), float(point.y)) for point in (entity.dxf.start, entity.dxf.end)]
    elif isinstance(entity, LWPolyline):
        points = [(float(x), float(y)) for x, y in entity.get_points("xy")]
        points += points[:1] if entity.closed else []
    elif isinstance(entity, Polyline):
        points = [(float(point.x), float(point.y)) for point in entity.points()]
        points += points[:1] if entity.is_closed else []
    return write_path(points) if len(points) >= 2 else None


def _clean(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8").strip()[:400]
