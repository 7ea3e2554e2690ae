"""The Merkle tree of RFC 6962 (section 2.1): hashes, proofs, and a frontier that grows by one entry in O(log n).

Verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2; consistency from size 0 and proofs of an empty tree are
refused, as the public logs do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

from privacy.vault import PrivacyError

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_SIZE: Final = 32


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and two child hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the roots of its perfect subtrees, largest first. All that an append needs.

    >>> edge = Frontier()
    >>> for entry in (b"a", b"b", b"c"):
    ...     edge = edge.append(leaf_hash(entry))
    >>> edge.size, len(edge.nodes), edge.root == root([leaf_hash(entry) for entry in (b"a", b"b", b"c")])
    (3, 2, True)
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count() or any(len(node) != _SIZE for node in self.nodes):
            raise PrivacyError(
                "this is not the right edge of a tree",
                code="frontier_broken",
                remedy="Compute it again from the entries of the log.",
            )

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash: two subtrees of one size become one, as a counter carries."""
        nodes = list(self.nodes)
        size = self.size
        while size & 1:
            leaf = node_hash(nodes.pop(), leaf)
            size >>= 1
        return Frontier(self.size + 1, (*nodes, leaf))

    @property
    def root(self) -> bytes:
        """The tree's root: the subtrees folded from the smallest to the largest."""
        if not self.nodes:
            return EMPTY_ROOT
        return reduce(lambda right, left: node_hash(left, right), reversed(self.nodes))

    def to_bytes(self) -> bytes:
        """For the database: 8 bytes of size, then the nodes."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read it back; `PrivacyError` (frontier_broken) where length and size disagree."""
        nodes = tuple(data[at : at + _SIZE] for at in range(8, len(data), _SIZE))
        return cls(int.from_bytes(data[:8], "big"), nodes)


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of all `leaves` (leaf hashes)."""
    if not 0 <= index < len(leaves):
        raise PrivacyError(
            f"the log has no entry {index}",
            code="entry_missing",
            remedy=f"Entries are counted from 0 to {len(leaves) - 1}.",
            index=index,
            size=len(leaves),
        )
    path = []
    level = list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level = _parents(level)
        index >>= 1
    return tuple(path)


def inclusion_proofs(leaves: Sequence[bytes], indices: Sequence[int]) -> tuple[tuple[bytes, ...], ...]:
    """The audit paths of several leaves, as `inclusion_proof` gives each; the tree is hashed once."""
    if any(not 0 <= index < len(leaves) for index in indices):
        raise PrivacyError(
            "the log has no such entry",
            code="entry_missing",
            remedy=f"Entries are counted from 0 to {len(leaves) - 1}.",
            index=max(indices),
            size=len(leaves),
        )
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    return tuple(
        tuple(level[beside] for up, level in enumerate(levels[:-1]) if (beside := (index >> up) ^ 1) < len(level))
        for index in indices
    )


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """The proof that the tree of the first `size` leaves is a prefix of the tree of all."""
    if not 0 < size <= len(leaves):
        raise PrivacyError(
            f"no tree of {size} entries precedes one of {len(leaves)}",
            code="entry_missing",
            remedy="Take a size between 1 and that of the log.",
            index=size,
            size=len(leaves),
        )
    return _subproof(leaves, size, whole=True) if size < len(leaves) else ()


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Does the audit path lead from the leaf hash to the root?"""
    if not 0 <= index < size or any(len(node) != _SIZE for node in (leaf, root, *proof)):
        return False
    last = size - 1
    for node in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            leaf = node_hash(node, leaf)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            leaf = node_hash(leaf, node)
        index >>= 1
        last >>= 1
    return last == 0 and leaf == root


def verify_consistency(*, size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    """Is the first tree a prefix of the second? Refuses `size1` of 0."""
    if not 0 < size1 <= size2 or any(len(node) != _SIZE for node in (root1, root2, *proof)):
        return False
    if size1 == size2:
        return not proof and root1 == root2
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    if not path:
        return False
    first, last = size1 - 1, size2 - 1
    while first & 1:
        first >>= 1
        last >>= 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old = node_hash(node, old)
            new = node_hash(node, new)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            new = node_hash(new, node)
        first >>= 1
        last >>= 1
    return last == 0 and old == root1 and new == root2


def _parents(level: Sequence[bytes]) -> list[bytes]:
    """The level above: pairs hashed, an odd last one passed up as it is."""
    parents = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*parents, level[-1]] if len(level) & 1 else parents


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> tuple[bytes, ...]:
    """SUBPROOF of RFC 6962, section 2.1.2; `whole`: is the old tree's root known to the verifier?"""
    if size == len(leaves):
        return () if whole else (root(leaves),)
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if size <= split:
        return (*_subproof(left, size, whole=whole), root(right))
    return (*_subproof(right, size - split, whole=False), root(left))
