"""How functions are compiled: ahead of the first call, cached on disk, without the interpreter lock.

Where the cache lies is the caller's business (NUMBA_CACHE_DIR; beside the source where that is not set).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(signature: object = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for one signature, or when it is first called from another compiled one."""
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", numba.njit(signature, nogil=True, cache=True))
