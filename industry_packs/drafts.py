"""A new pack, begun from the nearest one: copied as a draft with its own id, without signature."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from industry_packs import signing
from industry_packs.errors import PackError
from industry_packs.pack import Pack
from templates import documents
from templates.module_document import ID

_reference = re.compile(rb"\b([a-z][a-z0-9-]*)\.(?=[a-z][a-z0-9-]*)")


def new_pack(
    folder: Path, *, start: Pack, identity: str, title: dict[str, str], owner: str, reviewer: str
) -> dict[str, Any]:
    """Write a draft into an empty or missing folder; the JSON of `pack new`.

    Template ids get the new pack's id before the dot, so that they stay unique. Raises PackError: bad_pack_id,
    folder_not_empty.
    """
    if not re.fullmatch(ID.pattern, identity) or identity == start.id:
        raise PackError(
            f"a pack cannot be called {identity!r}",
            code="bad_pack_id",
            remedy=f"Use small letters, digits and hyphens, such as {ID.example}, and a name of its own.",
            id=identity,
        )
    if folder.exists() and any(folder.iterdir()):
        raise PackError(
            f"{folder.name} is not empty",
            code="folder_not_empty",
            place=folder.name,
            remedy="Give a folder that does not exist yet.",
            file=folder.name,
        )
    prefixes = {template.partition(".")[0] for template in start.templates}
    for name, content in start.files.items():
        if name == signing.SIGNATURE_FILE:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_own(content, prefixes, identity) if name.endswith(".yaml") else content)
    manifest = start.manifest
    (folder / "pack.yaml").write_text(
        documents.write(
            {
                "mingsuan": "pack/1",
                "id": identity,
                "version": "0.1.0",
                "title": title,
                "summary": dict(manifest.summary),
                "owner": owner,
                "reviewer": reviewer,
                "review_by": manifest.review_by.isoformat(),
                "licence": manifest.licence,
                "engine": {"from": manifest.engine[0], "to": manifest.engine[1]},
                "languages": list(manifest.languages),
                "changes": [
                    {
                        "version": "0.1.0",
                        "notes": {
                            "zh-CN": f"由 {start.id} {start.version} 起草。",
                            "en": f"Begun from {start.id} {start.version}.",
                        },
                    }
                ],
            }
        ),
        encoding="utf-8",
    )
    return {"pack": identity, "version": "0.1.0", "state": "draft", "from": f"{start.id} {start.version}"}


def _own(content: bytes, prefixes: set[str], identity: str) -> bytes:
    def replaced(found: re.Match[bytes]) -> bytes:
        return identity.encode() + b"." if found[1].decode() in prefixes else found[0]

    return _reference.sub(replaced, content)
