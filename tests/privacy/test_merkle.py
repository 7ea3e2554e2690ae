"""The tree against the published vectors, against a plain recursive definition, and under mutation."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from privacy.vault import PrivacyError

LEAVES = [leaf_hash(bytes([number])) for number in range(70)]


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


@pytest.mark.parametrize("size", range(40))
def test_three_ways_give_one_root(size: int) -> None:
    edge = Frontier()
    for leaf in LEAVES[:size]:
        edge = edge.append(leaf)
    assert edge.root == root(LEAVES[:size]) == by_definition(LEAVES[:size])
    assert (edge.size, len(edge.nodes)) == (size, size.bit_count())
    assert Frontier.from_bytes(edge.to_bytes()) == edge


def test_every_leaf_is_proven_in_every_tree() -> None:
    for size in range(1, 34):
        top = root(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert verify_inclusion(leaf=LEAVES[index], index=index, size=size, proof=proof, root=top)
            assert len(proof) <= (size - 1).bit_length()


def test_every_prefix_is_proven_in_every_tree() -> None:
    for size2 in range(1, 34):
        for size1 in range(1, size2 + 1):
            proof = consistency_proof(LEAVES[:size2], size1)
            roots = {"root1": root(LEAVES[:size1]), "root2": root(LEAVES[:size2])}
            assert verify_consistency(size1=size1, size2=size2, proof=proof, **roots)


def mutated(data: st.DataObject, proof: Sequence[bytes]) -> list[bytes]:
    """A proof with a node flipped, dropped, doubled, added or moved; or untouched."""
    changed = list(proof)
    kind = data.draw(st.sampled_from(["flip", "drop", "double", "add", "reverse", "none"]))
    at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
    if kind == "flip" and changed:
        changed[at] = bytes((changed[at][0] ^ 1,)) + changed[at][1:]
    elif kind == "drop" and changed:
        del changed[at]
    elif kind == "double" and changed:
        changed.insert(at, changed[at])
    elif kind == "add":
        changed.insert(at, leaf_hash(b"foreign"))
    elif kind == "reverse":
        changed.reverse()
    return changed


@given(st.data(), st.integers(1, 60))
def test_a_mutated_inclusion_proof_is_refused(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LEAVES[:size], index)
    changed = mutated(data, proof)
    claimed = data.draw(st.integers(0, size - 1))
    holds = verify_inclusion(leaf=LEAVES[index], index=claimed, size=size, proof=changed, root=root(LEAVES[:size]))
    assert holds == (claimed == index and tuple(changed) == proof)


@given(st.data(), st.integers(1, 60))
def test_a_mutated_consistency_proof_is_refused(data: st.DataObject, size2: int) -> None:
    size1 = data.draw(st.integers(1, size2))
    proof = consistency_proof(LEAVES[:size2], size1)
    changed = mutated(data, proof)
    roots = {"root1": root(LEAVES[:size1]), "root2": root(LEAVES[:size2])}
    assert verify_consistency(size1=size1, size2=size2, proof=changed, **roots) == (tuple(changed) == proof)
    swapped = {"root1": roots["root2"], "root2": roots["root1"]}
    assert verify_consistency(size1=size1, size2=size2, proof=proof, **swapped) == (size1 == size2)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    pair = LEAVES[0] + LEAVES[1]
    assert leaf_hash(pair) != node_hash(LEAVES[0], LEAVES[1])


def test_proofs_of_what_is_not_there_are_refused() -> None:
    for call in (
        lambda: inclusion_proof(LEAVES[:3], 3),
        lambda: inclusion_proof([], 0),
        lambda: consistency_proof(LEAVES[:3], 0),
    ):
        with pytest.raises(PrivacyError) as refused:
            call()
        assert refused.value.code == "entry_missing"
    assert not verify_inclusion(leaf=LEAVES[0], index=-1, size=1, proof=[], root=LEAVES[0])
    assert not verify_inclusion(leaf=LEAVES[0], index=0, size=0, proof=[], root=EMPTY_ROOT)


def test_a_damaged_frontier_is_refused() -> None:
    good = Frontier().append(LEAVES[0]).to_bytes()
    for bad in (
        b"",
        good[:-1],
        good + b"x",
        (2).to_bytes(8, "big") + good[8:] * 2,
        (-1 & 2**64 - 1).to_bytes(8, "big"),
    ):
        if bad:
            with pytest.raises(PrivacyError) as refused:
                Frontier.from_bytes(bad)
            assert refused.value.code == "frontier_broken"


def hashed(text: str | None) -> bytes:
    return base64.b64decode(text) if text else b""


def test_published_roots(reference_data: Path) -> None:
    held = json.loads((reference_data / "crypto" / "rfc6962" / "tree_roots.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in held["leaf_inputs_hex"]]
    assert [root(leaves[:size]).hex() for size in range(9)] == held["root_by_tree_size_hex"]


def test_published_inclusion_proofs(reference_data: Path) -> None:
    cases = json.loads((reference_data / "crypto" / "rfc6962" / "inclusion.json").read_text())["tests"]
    assert len(cases) == 49
    for case in cases:
        holds = verify_inclusion(
            leaf=hashed(case["leafHash"]),
            index=int(case["leafIdx"]),
            size=int(case["treeSize"]),
            proof=[hashed(node) for node in case["proof"] or ()],
            root=hashed(case["root"]),
        )
        assert holds != case["wantErr"], case["id"]


def test_published_consistency_proofs(reference_data: Path) -> None:
    cases = json.loads((reference_data / "crypto" / "rfc6962" / "consistency.json").read_text())["tests"]
    assert len(cases) == 49
    for case in cases:
        holds = verify_consistency(
            size1=int(case["size1"]),
            size2=int(case["size2"]),
            proof=[hashed(node) for node in case["proof"] or ()],
            root1=hashed(case["root1"]),
            root2=hashed(case["root2"]),
        )
        assert holds != case["wantErr"], case["id"]
