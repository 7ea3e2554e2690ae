"""A pack: a versioned, tested, signed folder of knowledge about one industry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from industry_packs.content import (
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

if TYPE_CHECKING:
    from calculators.checklist import CheckList
    from calculators.sheet import Calculator
    from simulators.line import Line
    from simulators.scenario import Module


__all__ = ["Pack", "PackError", "list_packs", "load_pack", "match_stations", "shipped_packs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Everything in a pack's folder, read and checked. Keys of the mappings are ids (the files' stems)."""

    manifest: Manifest
    folder: Path
    digest: str  # SHA-256 over the folder, hex; see signing.py
    signed_by: str | None  # id of the pinned key, None for an unsigned draft
    stations: tuple[StationName, ...]
    lines: Mapping[str, Line]
    modules: Mapping[str, Module]
    calculators: Mapping[str, Calculator]
    checklists: Mapping[str, CheckList]
    decision_map: DecisionMap
    templates: Mapping[str, ValidationTemplate]
    uploads: Mapping[str, UploadTemplate]
    risks: tuple[RiskRule, ...]
    guide: Mapping[str, GuideCard]  # for the rep only: pages of a prospect never read it
    release_policy: ReleasePolicy
    limits: Limits


def load_pack(folder: Path, *, verify: bool = True) -> Pack:
    """Read a pack; with `verify` its signature must be there, intact and by a pinned key.

    Raises PackError (unsigned, tampered, unknown_key) and DocumentError with file and place.
    """
    raise RuntimeError("being written")


def shipped_packs() -> tuple[Pack, ...]:
    """The packs that come with the product, verified, in the order of their ids."""
    raise RuntimeError("being written")


def list_packs(store: Path | None = None) -> dict[str, object]:
    """The JSON of `mingsuan pack list`: shipped packs and those installed in the folder `store`."""
    raise RuntimeError("being written")


def match_stations(pack: Pack, machines: Sequence[str]) -> dict[str, str | None]:
    """Which of the customer's machines is which station of the pack: by name, by synonym, then by order.

    A station that no machine fits is None.
    """
    raise RuntimeError("being written")
