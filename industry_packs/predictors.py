"""Failure predictors that packs bring: code that somebody installed on this machine, found by its entry point.

A pack is data and holds no code. A distribution that is installed beside the product names its predictor in the group
`mingsuan.failure_predictors`, under the id of the pack it belongs to. Nothing is loaded that no pack asked for, and
nothing from a folder or an upload.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from industry_packs.errors import PackError
from simulators.predictors import FailurePredictor

GROUP = "mingsuan.failure_predictors"


def installed() -> tuple[str, ...]:
    """Ids of packs for which a predictor is installed."""
    return tuple(sorted(_found()))


@cache
def predictor_of(pack: str) -> FailurePredictor | None:
    """The predictor of a pack; None where none is installed.

    Raises:
        PackError: several are installed for this pack, or what is installed cannot predict (`predictor_unusable`).
    """
    found = _found().get(pack, ())
    if not found:
        return None
    if len(found) > 1:
        raise _unusable(pack, f"{len(found)} are installed")
    try:
        loaded = found[0].load()
        made = loaded() if isinstance(loaded, type) else loaded
    except (ImportError, AttributeError, TypeError) as error:
        raise _unusable(pack, type(error).__name__) from error
    if not isinstance(made, FailurePredictor):
        raise _unusable(pack, "it has no method fit")
    return made


@cache
def _found() -> dict[str, tuple[EntryPoint, ...]]:
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in entry_points(group=GROUP):
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


def _unusable(pack: str, why: str) -> PackError:
    return PackError(
        f"the failure predictor of {pack} cannot be used: {why}",
        code="predictor_unusable",
        place=pack,
        remedy="Install one distribution with one predictor for this pack, or remove it.",
        pack=pack,
        why=why,
    )
