"""Privacy notices by version. A version that was shown once never changes: a consent names it for ever.

The texts stand in `locale/*/notice.yaml` under the id with `/` as `_`; their digests are frozen in the tests.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from portal.text import LANGUAGES, speaking, t

RELEASE: Final = "release-notice/1"
BENCHMARK: Final = "benchmark-notice/1"
NOTICES: Final = (RELEASE, BENCHMARK)
POINTS: Final = ("who", "what", "why", "to_whom", "how_long", "where", "rights", "withdraw")
"""What every notice says, in this order."""


def notice_points(notice: str) -> tuple[tuple[str, str], ...]:
    """Return a notice in the reader's language: a word for each point, and its text."""
    key = notice.replace("/", "_").replace("-", "_")
    return tuple((t(f"notice.{point}"), t(f"notice.{key}.{point}")) for point in POINTS)


def notice_digest(notice: str) -> str:
    """Return the hex SHA-256 of a notice in all its languages."""
    told = {}
    for tag in LANGUAGES:
        with speaking(tag):
            told[tag] = [text for _, text in notice_points(notice)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
