"""Predictors are found by the entry point of an installed distribution, under the id of a pack, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from industry_packs import predictors
from industry_packs.errors import PackError

CODE = """
from simulators.line import Distribution
from simulators.predictors import Hazard


class Half:
    def fit(self, records):
        mean = float(records.times.mean()) / 2
        return Hazard(uptime=Distribution.exponential(mean), low=mean / 2, high=mean * 2)


class Wrong:
    pass


class Needy:
    def __init__(self, argument):
        pass


ready = Half()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs a distribution that names these objects as predictors of packs."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "half_life_of_a_test.py").write_text(CODE, encoding="utf-8")

    def put(name: str, **entries: str) -> None:
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines = [f"{pack} = half_life_of_a_test:{thing}" for pack, thing in entries.items()]
        text = "\n".join([f"[{predictors.GROUP}]", *lines, ""])
        (about / "entry_points.txt").write_text(text, encoding="utf-8")
        forget()

    forget()
    yield put
    sys.modules.pop("half_life_of_a_test", None)
    forget()


def forget() -> None:
    predictors._found.cache_clear()
    predictors.predictor_of.cache_clear()


def test_what_is_installed_for_a_pack_is_found_under_its_id(install: Callable[..., None]) -> None:
    install("first", discrete_manufacturing="Half", semiconductor="ready")
    assert {"discrete_manufacturing", "semiconductor"} <= set(predictors.installed())
    for pack in ("discrete_manufacturing", "semiconductor"):
        found = predictors.predictor_of(pack)
        assert found is not None
        assert type(found).__name__ == "Half"
    assert predictors.predictor_of("food_filling") is None


@pytest.mark.parametrize("thing", ["Wrong", "Needy", "missing"])
def test_what_cannot_predict_is_refused_by_name(install: Callable[..., None], thing: str) -> None:
    install("broken", food_filling=thing)
    with pytest.raises(PackError) as refusal:
        predictors.predictor_of("food_filling")
    assert (refusal.value.code, refusal.value.place) == ("predictor_unusable", "food_filling")


def test_two_for_one_pack_are_one_too_many(install: Callable[..., None]) -> None:
    install("first", food_filling="Half")
    install("second", food_filling="Half")
    with pytest.raises(PackError):
        predictors.predictor_of("food_filling")
