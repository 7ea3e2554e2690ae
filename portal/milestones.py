"""How far a tenant is, as the rep who invited it sees it where the tenant shows it."""

from __future__ import annotations

from portal import storage_values
from portal.storage import Transaction

MILESTONES = (
    ("released", "release"),
    ("appraised", "case"),
    ("simulated", "result"),
    ("planned", "scenario"),
    ("modelled", "line"),
    ("measured", "baseline"),
    ("uploaded", "dataset"),
)
"""What a tenant has reached and the kind of value that shows it, the furthest first."""


def milestone(tx: Transaction, tenant: str) -> str:
    """Return how far a tenant is, as a rep sees it where that is shared; kinds are counted, nothing is opened."""
    kinds = storage_values.heads(tx, tenant, "main", [kind for _, kind in MILESTONES])
    return next((name for name, kind in MILESTONES if kind in kinds), "opened")
