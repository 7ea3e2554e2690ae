"""The noise of benchmarks, drawn by OpenDP's discrete Gaussian; never sampled by hand, never seeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from privacy.benchmark import MICRO, STEPS, deviation
from privacy.vault import PrivacyError


def can_draw() -> bool:
    """Is OpenDP (the extra `dp`) installed?"""
    return find_spec("opendp") is not None


def noisy_sum(counted: Sequence[int], *, price: int) -> int:
    """The sum of figures in steps (`Measure.counted`), with noise worth `price` millionths of rho for each tenant.

    OpenDP's own privacy map must confirm the price, or nothing is drawn. `PrivacyError`: noise_missing, noise_dear,
    figure_unbounded.
    """
    if any(not 0 <= value <= STEPS for value in counted):
        raise PrivacyError(
            "a figure lies outside its range",
            code="figure_unbounded",
            remedy="Nothing was drawn. Have the figure clamped to its range first.",
        )
    if not can_draw():
        raise PrivacyError(
            "benchmarks need the extra dp",
            code="noise_missing",
            remedy="Have the operator install mingsuan[dp]; nothing was spent.",
        )
    dp = import_module("opendp.prelude")
    dp.enable_features("contrib")
    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    scale = math.nextafter(deviation(price), math.inf)
    measurement = dp.m.make_gaussian(*space, scale=scale)
    if measurement.map(d_in=STEPS) > price / MICRO:
        raise PrivacyError(
            "the noise would cost more than was reserved",
            code="noise_dear",
            remedy="This is a fault of ours; nothing was drawn.",
        )
    return int(measurement(sum(counted)))
