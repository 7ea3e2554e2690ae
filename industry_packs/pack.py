"""A pack: a versioned, tested, signed folder of knowledge about one industry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from calculators.calculator import Calculator
from calculators.checklist import CheckList
from industry_packs import signing
from industry_packs.content import (
    Brief,
    DecisionMap,
    GuideCard,
    Limits,
    Manifest,
    ReleasePolicy,
    RiskRule,
    StationName,
    UploadTemplate,
    ValidationTemplate,
)
from industry_packs.errors import PackError
from industry_packs.folder import read_contents
from industry_packs.matching import likeness, match_stations
from simulators.line import Line
from simulators.process import Process
from simulators.scenario import Module
from templates.documents import closest

__all__ = ["Pack", "PackError", "likeness", "load_pack", "match_stations", "read_pack", "shipped_pack", "shipped_packs"]

SHIPPED = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Everything in a pack's folder, read and checked. Keys of the mappings are ids.

    `brief` and `guide` are for the rep only: no page of a prospect reads them.
    """

    manifest: Manifest
    digest: str  # SHA-256 over the folder, hex; see signing.py
    signed_by: str | None  # id of the pinned key, None for a draft that nobody signed
    stations: tuple[StationName, ...]
    lines: Mapping[str, Line]
    processes: Mapping[str, Process]
    modules: Mapping[str, Module]
    calculators: Mapping[str, Calculator]
    checklists: Mapping[str, CheckList]
    decision_map: DecisionMap
    templates: Mapping[str, ValidationTemplate]
    uploads: Mapping[str, UploadTemplate]
    risks: tuple[RiskRule, ...]
    brief: Brief
    guide: Mapping[str, GuideCard]
    release_policy: ReleasePolicy
    limits: Limits
    files: Mapping[str, bytes]  # by path inside the folder; what was verified

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def version(self) -> str:
        return self.manifest.version

    def sample(self, name: str) -> bytes:
        """A file of the folder `samples`, such as "stops.csv"."""
        try:
            return self.files[f"samples/{name}"]
        except KeyError:
            names = sorted(path.removeprefix("samples/") for path in self.files if path.startswith("samples/"))
            raise PackError(
                f"pack {self.id} has no sample {name!r}",
                code="unknown_sample",
                place=f"samples/{name}",
                remedy=f"Use one of {', '.join(names)}.",
                value=name,
                known=", ".join(names),
            ) from None


def read_pack(files: Mapping[str, bytes], *, signed_by: str | None = None) -> Pack:
    """The pack that these files are; raises the first DocumentError or PackError that reading them met."""
    found = read_contents(files)
    if found.refusals:
        raise found.refusals[0]
    if (
        found.manifest is None
        or found.decision_map is None
        or found.brief is None
        or found.release_policy is None
        or found.limits is None
    ):
        raise PackError(
            "the pack is not complete", code="not_complete", remedy="Run the gate: it names what is missing."
        )
    return Pack(
        manifest=found.manifest,
        digest=signing.digest(files),
        signed_by=signed_by,
        stations=found.stations,
        lines=found.lines,
        processes=found.processes,
        modules=found.modules,
        calculators=found.calculators,
        checklists=found.checklists,
        decision_map=found.decision_map,
        templates=found.templates,
        uploads=found.uploads,
        risks=found.risks,
        brief=found.brief,
        guide=found.guide,
        release_policy=found.release_policy,
        limits=found.limits,
        files=files,
    )


def load_pack(folder: Path, *, verify: bool = True, trusted: Mapping[str, signing.TrustedKey] | None = None) -> Pack:
    """Read a pack; with `verify` its signature must be there, intact and by a trusted key (the pinned ones by default).

    Raises PackError (unsigned, tampered, untrusted_key, ...) and DocumentError with file and place.
    """
    files = signing.read_folder(folder)
    if not verify:
        return read_pack(files)
    signature = signing.verify(files, signing.trusted_keys() if trusted is None else trusted)
    return read_pack(files, signed_by=signature.key)


@cache
def shipped_packs() -> tuple[Pack, ...]:
    """The packs that come with the product, verified, in the order of their ids."""
    folders = sorted(path.parent for path in SHIPPED.glob("*/pack.yaml"))
    return tuple(sorted((load_pack(folder) for folder in folders), key=lambda pack: pack.id))


def shipped_pack(identity: str) -> Pack:
    """A pack that comes with the product, by its id."""
    packs = {pack.id: pack for pack in shipped_packs()}
    if identity not in packs:
        guess = closest(identity, list(packs))
        raise PackError(
            f"there is no pack {identity!r}",
            code="unknown_pack",
            remedy=f"Did you mean {guess!r}?" if guess else f"Use one of {', '.join(packs)}.",
            id=identity,
            known=guess or ", ".join(packs),
        )
    return packs[identity]
