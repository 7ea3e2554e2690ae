"""Which pages there are for whom.

A page is one file under `pages/` with a function `show()`, listed here by role. A page that is not listed for a role
does not exist for it, and an entry whose file is not there yet is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portal.identity import Role

PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class Entry:
    """One page in somebody's navigation: text keys are `shell.groups.<group>` and `shell.pages.<name>`."""

    group: str
    name: str  # file pages/<name>.py; also its address
    icon: str

    @property
    def file(self) -> Path:
        return PAGES / f"{self.name}.py"


def _entries(group: str, *pages: tuple[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(group, name, f":material/{icon}:") for name, icon in pages)


_PROSPECT = (
    *_entries("home", ("start", "flag")),
    *_entries("understand", ("data", "table_view"), ("baseline", "monitoring"), ("line", "account_tree")),
    *_entries(
        "decide",
        ("scenarios", "alt_route"),
        ("value", "payments"),
        ("options", "balance"),
        ("assumptions", "fact_check"),
        ("checks", "checklist"),
        ("decision", "gavel"),
        ("documents", "description"),
    ),
    *_entries(
        "agree",
        ("consensus", "diversity_3"),
        ("pilot", "science"),
        ("alerts", "notifications"),
        ("afterwards", "event_repeat"),
    ),
    *_entries("decide", ("benchmark", "leaderboard")),
    *_entries(
        "protect",
        ("release", "outbox"),
        ("lineage", "conversion_path"),
        ("seen", "visibility"),
        ("trust", "verified_user"),
        ("own_key", "lock"),
        ("connections", "cable"),
        ("house", "group"),
    ),
)
_REP = (
    *_entries("home", ("desk", "inbox")),
    *_entries(
        "accounts",
        ("links", "link"),
        ("released", "fact_check"),
        ("contact", "schedule_send"),
        ("connections", "cable"),
        ("speed", "speed"),
    ),
    *_entries("knowledge", ("guides", "menu_book"), ("packs", "inventory_2")),
)
_ARCHITECT = (
    *_entries("home", ("packs", "inventory_2")),
    *_entries("knowledge", ("studio", "edit_note"), ("gate_tests", "rule"), ("pack_releases", "rocket_launch")),
    *_entries("records", ("usage", "query_stats")),
)
_OFFICER = (
    *_entries("home", ("today", "today")),
    *_entries("oversight", ("log", "manage_search"), ("proof", "enhanced_encryption"), ("reports", "summarize")),
    *_entries(
        "records",
        ("budgets", "outbox"),
        ("consents", "handshake"),
        ("inventory", "schema"),
        ("requests", "contact_support"),
    ),
)
_SYSTEM = (
    *_entries("home", ("tenants", "apartment")),
    *_entries("operation", ("providers", "badge"), ("health", "monitor_heart"), ("backups", "backup")),
)
_READER = frozenset(
    {
        "start",
        "baseline",
        "line",
        "scenarios",
        "value",
        "options",
        "assumptions",
        "checks",
        "decision",
        "documents",
        "consensus",
    }
    | {"pilot", "alerts", "afterwards", "benchmark", "lineage", "seen", "trust"}
)
_GUEST = frozenset({"start", "seen", "trust"})
_AUDIT = frozenset({"today", "log", "proof", "reports", "budgets"})
_HELP = _entries("help", ("glossary", "dictionary"))
_SECURITY = _entries("home", ("keys", "key"))

_OWN = _entries("own", ("account", "person"))  # everybody's

_OF_ROLE: dict[Role, tuple[Entry, ...]] = {
    Role.OWNER: _PROSPECT,
    Role.ANALYST: tuple(
        entry for entry in _PROSPECT if entry.name not in {"release", "house", "connections", "own_key"}
    ),
    Role.FINANCE_READER: tuple(entry for entry in _PROSPECT if entry.name in _READER),
    Role.GUEST: tuple(entry for entry in _PROSPECT if entry.name in _GUEST),
    Role.REP: _REP,
    Role.ARCHITECT: _ARCHITECT,
    Role.REVIEWER: _ARCHITECT,
    Role.COMPLIANCE_OFFICER: _OFFICER,
    Role.SYSTEM_ADMIN: _SYSTEM,
    Role.SECURITY_ADMIN: _SECURITY,
    Role.AUDIT_ADMIN: tuple(entry for entry in _OFFICER if entry.name in _AUDIT),
}
REGISTRY: dict[Role, tuple[Entry, ...]] = {role: (*entries, *_OWN) for role, entries in _OF_ROLE.items()}


def pages_of(role: Role) -> tuple[Entry, ...]:
    """The pages of a role that exist; the first one is where its people land."""
    return tuple(entry for entry in (*REGISTRY[role], *_HELP) if entry.file.is_file())
