"""The Streamlit script: who is it, which pages are his, which one is open.

A page is one file under `pages/` with a function `show()`, listed here by role. A page that is not listed for a role
does not exist for it, and an entry whose file is not there yet is left out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from portal import parts, storage_accounts
from portal.context import Visit, forget, ui_context
from portal.identity import Role
from portal.text import LANGUAGES, set_language, t

log = logging.getLogger("mingsuan.ui")

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
        "decide", ("scenarios", "alt_route"), ("value", "payments"), ("checks", "checklist"), ("decision", "gavel")
    ),
    *_entries("protect", ("release", "outbox"), ("trust", "verified_user")),
)
_REP = (
    *_entries("home", ("desk", "inbox")),
    *_entries(
        "accounts", ("links", "link"), ("released", "fact_check"), ("contact", "schedule_send"), ("speed", "speed")
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
    *_entries("operation", ("providers", "badge"), ("keys", "key"), ("health", "monitor_heart"), ("backups", "backup")),
)
_READER = frozenset({"start", "baseline", "value", "decision", "trust"})
_GUEST = frozenset({"start", "baseline", "trust"})

REGISTRY: dict[Role, tuple[Entry, ...]] = {
    Role.OWNER: _PROSPECT,
    Role.ANALYST: _PROSPECT,
    Role.FINANCE_READER: tuple(entry for entry in _PROSPECT if entry.name in _READER),
    Role.GUEST: tuple(entry for entry in _PROSPECT if entry.name in _GUEST),
    Role.REP: _REP,
    Role.ARCHITECT: _ARCHITECT,
    Role.REVIEWER: _ARCHITECT,
    Role.COMPLIANCE_OFFICER: _OFFICER,
    Role.SYSTEM_ADMIN: _SYSTEM,
    Role.SECURITY_ADMIN: tuple(entry for entry in _SYSTEM if entry.name in {"providers", "keys", "health"}),
    Role.AUDIT_ADMIN: tuple(entry for entry in _OFFICER if entry.name in {"today", "log", "proof", "reports"}),
}


def pages_of(role: Role) -> tuple[Entry, ...]:
    """The pages of a role that exist; the first one is where its people land."""
    return tuple(entry for entry in REGISTRY[role] if entry.file.is_file())


def addresses() -> frozenset[str]:
    """The addresses of all pages of all roles."""
    return frozenset(entry.name for role in Role for entry in pages_of(role))


def main() -> None:
    """Draw the shell and run the page that is open."""
    visit = ui_context()
    groups: dict[str, list[st.Page]] = {}
    for place, entry in enumerate(pages_of(visit.member.role)):
        page = st.Page(
            entry.file,
            title=t(f"shell.pages.{entry.name}"),
            icon=entry.icon,
            url_path=entry.name,
            default=place == 0,
        )
        groups.setdefault(t(f"shell.groups.{entry.group}"), []).append(page)
    chosen = st.navigation(groups, position="sidebar", expanded=True)
    st.set_page_config(page_title=f"{chosen.title} · {t('shell.product')}", layout="wide")
    with st.sidebar:
        _sidebar(visit)
    try:
        chosen.run()
    except Exception as error:  # whatever a page did wrong, the person gets words, the log the fault
        log.exception("page failed: %s", type(error).__name__)
        parts.problem(error)


def _sidebar(visit: Visit) -> None:
    st.html(
        f'<div class="ms-me ms-language" lang="{escape(visit.language)}"><b>{escape(visit.member.name)}</b>'
        f"<span>{escape(t(f'shell.roles.{visit.member.role}'))}</span></div>"
    )
    wanted = st.segmented_control(
        t("shell.language"),
        options=list(LANGUAGES),
        default=visit.language,
        format_func=LANGUAGES.__getitem__,
        key=f"language-{visit.language}",
        label_visibility="collapsed",
    )
    if wanted is not None and wanted != visit.language:
        with visit.portal.store.writing() as tx:
            storage_accounts.set_member_language(tx, visit.member.id, wanted)
        forget()
        set_language(wanted)
        st.rerun()
    st.html(f'<div class="ms-out"><a href="/auth/sign-out" target="_self">{escape(t("shell.sign_out"))}</a></div>')


if __name__ == "__main__":
    main()
