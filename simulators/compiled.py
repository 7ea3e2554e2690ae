"""How functions are compiled: ahead of the first call, cached on disk, without the interpreter lock.

Where the cache lies is the caller's business (NUMBA_CACHE_DIR; beside the source where that is not set).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(signature: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for one signature.

    Arrays are borrowed from the caller, not counted (``_nrt``): the function cannot make arrays. Counting references
    to a dozen tables at every call took twenty times as long as the simulation itself.
    """
    return cast("Callable[[Callable[P, R]], Callable[P, R]]", numba.njit(signature, nogil=True, cache=True, _nrt=False))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into every compiled one that calls it: handing over a dozen tables costs more than it does."""
    return cast("Callable[P, R]", numba.njit(function, nogil=True, forceinline=True, _nrt=False))


def called(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that compiled ones call, but seldom."""
    return cast("Callable[P, R]", numba.njit(function, nogil=True, _nrt=False))
