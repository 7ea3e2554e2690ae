"""The JSON Schema of any kind of document, those of `templates.schemas` and those of packs, and of what is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from industry_packs.kinds import DOCUMENTS
from templates import schemas
from templates.documents import DocumentError, closest
from templates.fit_schema import fit_schema
from templates.process_schema import assessment_schema, process_output_schema
from templates.reading_schema import reading_schema
from templates.shapes import Schema
from templates.simulate_schema import simulate_schema

PRINTED: Mapping[str, Callable[[], Schema]] = {
    "read-output": reading_schema,
    "fit-output": fit_schema,
    "simulate-output": simulate_schema,
    "process-output": process_output_schema,
    "checklist-output": assessment_schema,
}
"""What commands print with `--json`; `mingsuan schema` knows these names too."""


def kinds() -> tuple[str, ...]:
    """Every kind of document of the product that has a schema."""
    return (*schemas.kinds(), *DOCUMENTS)


def schema(kind: str) -> Schema:
    """The JSON Schema of any kind of document: what `mingsuan schema KIND` prints."""
    if kind in DOCUMENTS:
        return DOCUMENTS[kind].schema()
    if kind in PRINTED:
        return PRINTED[kind]()
    if kind not in schemas.kinds():
        guess = closest(kind, kinds())
        raise DocumentError(
            f"there is no document of kind {kind!r}",
            code="unknown_kind",
            remedy=f"Did you mean {guess!r}?" if guess else f"Known kinds: {', '.join(kinds())}.",
            kind=kind,
            known=", ".join(kinds()),
        )
    return schemas.schema(kind)
