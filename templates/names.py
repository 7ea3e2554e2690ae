"""One machine, several spellings: ZDHJ-17, ZDHJ一17 and zDHJ17 are proposed as one, never merged in silence.

Names whose digits differ are different machines, however alike they look: pump 1 is not pump 11.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from templates.cells import fold

_signs = re.compile(r"[\s\-_./\\#·•~—–()\[\]号机台一]+")
_digits = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Spellings taken to be one machine: the one met most often, and the others with how often they occur."""

    name: str
    others: Mapping[str, int]
    sure: bool


def key_of(name: str) -> str:
    """A name without case, signs and leading zeros; equal keys are one machine.

    >>> key_of("ZDHJ-17"), key_of("ZDHJ一17"), key_of("zDHJ 017"), key_of("M1号机")
    ('zdhj17', 'zdhj17', 'zdhj17', 'm1')
    """
    plain = fold(name).casefold()
    if not any(sign.isdigit() for sign in plain):
        return " ".join(plain.split())
    return _digits.sub(lambda found: found[0].lstrip("0") or "0", _signs.sub("", plain))


def clusters(counts: Mapping[str, int]) -> list[Cluster]:
    """The machines that are spelt in more than one way; `counts` is how often each spelling occurs.

    `sure` is true where only case, blanks, dashes or zeros differ; a slip of one letter is proposed as not sure.
    """
    by_key: dict[str, dict[str, int]] = defaultdict(dict)
    for name, count in counts.items():
        by_key[key_of(name)][name] = by_key[key_of(name)].get(name, 0) + count
    found: list[Cluster] = []
    leaders: dict[str, tuple[str, int]] = {}
    for key, spellings in by_key.items():
        leader = max(spellings, key=lambda name: (spellings[name], name))
        leaders[key] = (leader, sum(spellings.values()))
        if len(spellings) > 1:
            others = {name: count for name, count in spellings.items() if name != leader}
            found.append(Cluster(name=leader, others=others, sure=True))
    if len(leaders) <= 400:
        found.extend(_slips(leaders))
    return found


def _slips(leaders: Mapping[str, tuple[str, int]]) -> list[Cluster]:
    found = []
    ordered = sorted(leaders, key=lambda key: -leaders[key][1])
    for k, key in enumerate(ordered):
        digits = _digits.findall(key)
        for other in ordered[k + 1 :]:
            rare = leaders[other][1] <= max(3, 0.05 * leaders[key][1])
            if not rare or len(key) < 5 or _digits.findall(other) != digits:
                continue
            if fuzz.ratio(key, other) >= 86 and abs(len(key) - len(other)) <= 1:
                found.append(Cluster(name=leaders[key][0], others={leaders[other][0]: leaders[other][1]}, sure=False))
    return found
