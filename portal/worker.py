"""A worker process of its own (`python -m portal.worker`): takes queued runs until its launcher goes away."""

from __future__ import annotations

import os
import signal
import sys
import threading

from portal import runner
from portal.wiring import read_settings


def main() -> None:
    """Work until asked to stop, or until the launcher's end of our standard input is closed."""
    os.nice(5)  # a page comes before a study
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the launcher tells us

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)  # unbuffered: a buffered read would hold a lock when we end
        stopping.set()

    threading.Thread(target=watch, name="launcher-watch", daemon=True).start()
    runner.main(read_settings().environment(), stopping)


if __name__ == "__main__":
    main()
