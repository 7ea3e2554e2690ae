"""What modules cost, as inputs of the ROI calculator: once, and each month (a year's price in twelfths)."""

from __future__ import annotations

from collections.abc import Sequence

from calculators.declarations import Given, Tier, weakest
from simulators.scenario import Module

SHARES = {"price_once": {"once": 1.0}, "price_monthly": {"month": 1.0, "year": 1 / 12}}


def price_inputs(modules: Sequence[Module]) -> dict[str, Given]:
    """`price_once` and `price_monthly` as (low, likely, high) sums; an input that no module has a price for is absent.

    A vendor price (tier D) counts as tier C: an offer binds its maker, it is no claim of an effect.
    """
    found: dict[str, Given] = {}
    for name, share in SHARES.items():
        prices = [(price, share[price.every]) for module in modules for price in module.prices if price.every in share]
        if not prices:
            continue
        low, likely, high = (
            sum(getattr(price, end) * part for price, part in prices) for end in ("low", "likely", "high")
        )
        tier = weakest(*(Tier(price.tier) for price, _ in prices))
        found[name] = Given(
            value=(low, likely, high),
            tier=Tier.PUBLIC if tier is Tier.CLAIM else tier,
            source={"zh-CN": "模块价目", "en": "price list of the modules"},
        )
    return found
