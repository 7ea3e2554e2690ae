"""What the gate found: a list of findings with file, place and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from industry_packs.errors import PackError
from templates.documents import DocumentError, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFinding:
    """One thing that keeps a pack from passing. `code` with `params` gives the sentence in the person's language."""

    code: str
    file: str
    place: str
    message: str
    remedy: str
    params: dict[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, str]:
        """The finding as in the JSON of `pack lint`."""
        return {
            "code": self.code,
            "file": self.file,
            "place": self.place,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(slots=True, kw_only=True)
class Findings:
    """Findings as they come."""

    found: list[PackFinding] = field(default_factory=list)

    def add(self, node: Node | None, file: str, message: str, *, code: str, remedy: str, **params: object) -> None:
        """Note something about a value (its line is shown) or about a whole file."""
        self.found.append(
            PackFinding(
                code=code,
                file=file,
                place=node.place if node is not None else file,
                message=message,
                remedy=remedy,
                params=params,
            )
        )

    def refused(self, errors: Iterable[DocumentError | PackError]) -> None:
        """Note what could not be read at all."""
        for error in errors:
            self.found.append(
                PackFinding(
                    code=error.code,
                    file=str(error.params.get("file", "")),
                    place=error.place,
                    message=str(error),
                    remedy=error.remedy,
                    params=dict(error.params),
                )
            )


def report_json(pack: str, version: str, findings: Iterable[PackFinding], **more: Any) -> dict[str, Any]:
    """The JSON of `pack lint` and, with `tests`, of `pack test`."""
    rows = [finding.to_json() for finding in findings]
    failed = any(not test["passed"] for test in more.get("tests", ()))
    return {"pack": pack, "version": version, "passed": not rows and not failed, "findings": rows, **more}
