"""The alert document `mingsuan: alerts/1`: rules with threshold, level, owner, next step; and the shipped library."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from calculators.risk import AlertRule, check_rule
from templates.checklist_document import OWNERS
from templates.documents import load
from templates.module_document import ID
from templates.shapes import Bilingual, Choice, Document, Fields, Several, Whole, Words

_folder = Path(__file__).with_name("alerts")
PAGES = ("data", "baseline", "line", "scenarios", "value", "assumptions", "checks", "consensus", "afterwards")
ALERTS = Document(
    kind="alerts",
    about="Alert rules: threshold, level, owner, next step",
    fields=Fields(
        {
            "rules": Several(
                of=Fields(
                    {
                        "id": ID,
                        "title": Bilingual(at_most=200),
                        "level": Whole(low=1, high=3),
                        "when": Words(at_most=200),
                        "about": Choice(("history", "current")),
                        "owner_role": Choice(OWNERS),
                        "page": Choice(PAGES),
                        "next_step": Bilingual(at_most=1000),
                        "source": Bilingual(at_most=1000),
                    }
                ),
                at_least=1,
                at_most=200,
            )
        }
    ),
)


def read_alerts(text: str | bytes, name: str) -> tuple[AlertRule, ...]:
    """The rules of a document; `name` is the file's name for messages.

    Raises DocumentError with the place: same_id, and all of `load`; CalculationError for a condition that is none.
    """
    document = load(text, name=name)
    rules = [AlertRule(**values) for values in ALERTS.read(document)["rules"]]
    for number, rule in enumerate(rules):
        if rule.id in {other.id for other in rules[:number]}:
            raise document.find("rules").error(
                f"two rules are called {rule.id!r}",
                code="same_id",
                remedy="Give each its own id.",
                name=rule.id,
            )
        check_rule(rule)
    return tuple(rules)


@lru_cache(maxsize=1)
def shipped_alerts() -> tuple[AlertRule, ...]:
    """The library that comes with the product, read once for each process."""
    return read_alerts((_folder / "general.yaml").read_bytes(), "general.yaml")
