"""A second place for the log's heads: a file away from the database, to which signed checkpoints are only appended,
one JSON text a line.

Whoever rewrites the database, log included, cannot rewrite what was witnessed; verifying compares the two.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from portal.storage import Store
from portal.storage_ledger import newest_checkpoint


def witness_head(store: Store) -> bool:
    """Append the newest checkpoint where it is not the last one already; says whether anything was written."""
    if store.witness is None:
        return False
    file = store.witness
    with store.reading() as tx:
        newest = newest_checkpoint(tx)
    if newest is None or newest[2] == last_witnessed(file):
        return False
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as kept:
        kept.write(json.dumps(newest[2]) + "\n")
        kept.flush()
        os.fsync(kept.fileno())
    return True


def last_witnessed(file: Path) -> str | None:
    """Return the newest checkpoint that was witnessed, or None."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    return None if not lines else str(json.loads(lines[-1]))
