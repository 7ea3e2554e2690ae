"""A band of a summary as a curve of the ramp chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.charts import Curve


def curve(label: str, band: Mapping[str, Sequence[float]], *, baseline: bool = False) -> Curve:
    """Fractions become per cent; both bands of the figure come along."""
    scaled = {name: [round(100 * value, 3) for value in values] for name, values in band.items()}
    return Curve(
        label=label,
        mean=scaled["mean"],
        p10=scaled["p10"],
        p90=scaled["p90"],
        low=scaled["mean_low"],
        high=scaled["mean_high"],
        baseline=baseline,
    )
