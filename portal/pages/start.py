"""The first page; what waits and what to do next."""

from __future__ import annotations

from portal import parts
from portal.context import ui_context
from portal.text import t


def show() -> None:
    """Draw the page."""
    ui_context()
    parts.answer(t("shell.pages.start"))
    parts.empty(t("shell.page_missing"), "")


if __name__ == "__main__":
    show()
