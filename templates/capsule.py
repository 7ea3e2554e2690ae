"""A study with everything it was computed from, in one file that anybody can compute again, offline.

A capsule is a zip archive: `study.yaml`, the files it names under `files/`, `result.json`, `values.json`, and
`capsule.json` with the versions, the platform and the SHA-256 of every member. Numbers are the same bit by bit on the
platform it was made on; elsewhere the largest relative difference is reported and 1e-9 accepted.
"""

from __future__ import annotations

import io
import json
import platform
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np

from calculators.sheet import Given, Sheet, evaluate
from simulators.result import Result
from simulators.simulate import EngineName
from simulators.study import Executor, Progress, run
from templates import calculator_document
from templates.node import DocumentError
from templates.prices import price_inputs
from templates.study_document import Fetch, StudyDocument, read_study

FORMAT = "mingsuan-capsule/1"
TOLERANCE = 1e-9
MOST_BYTES = 256 * 2**20
MOST_MEMBERS = 100
SIMULATED = "extra_good"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A study that was computed: `files` are the documents it names, `sheets` its value by scenario."""

    text: bytes
    files: Mapping[str, bytes]
    document: StudyDocument
    result: Result
    sheets: Mapping[str, Sheet]


def platform_tag() -> str:
    """What the last bit of a number depends on: system, processor with its vector units, the libraries that compute."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]
    units = " ".join([*found["baseline"], *found["found"]])
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "scipy"))
    return f"{platform.system()} {platform.machine()} {units}, {libraries}"


def compute(
    text: bytes,
    name: str,
    fetch: Fetch,
    *,
    engine: EngineName = "twin",
    executor: Executor = map,
    progress: Callable[[Progress], None] | None = None,
) -> Computed:
    """Read a study document and compute it: key figures, and its value where it asks for one."""
    files: dict[str, bytes] = {}

    def kept(wanted: str) -> bytes:
        files[wanted] = fetch(wanted)
        return files[wanted]

    document = read_study(text, name, kept)
    result = run(document.study, engine=engine, executor=executor, progress=progress)
    assert result is not None  # nobody can cancel it
    return Computed(text=text, files=files, document=document, result=result, sheets=_sheets(document, result))


def _sheets(document: StudyDocument, result: Result) -> dict[str, Sheet]:
    value = document.value
    if value is None:
        return {}
    calculator = calculator_document.shipped_calculator(value.calculator)
    names = {item.name for item in calculator.inputs}
    sheets = {}
    for scenario in document.study.scenarios:
        prices = {name: price for name, price in price_inputs(scenario.modules).items() if name in names}
        given: dict[str, Any] = {**prices, **value.inputs, **value.by_scenario.get(scenario.id, {})}
        if SIMULATED in names:
            source = {"zh-CN": "本研究的仿真结果", "en": "the simulation of this study"}
            given[SIMULATED] = Given(value=result.extra_good(scenario.id), source=source)
        sheets[scenario.id] = evaluate(
            calculator, given, draws=value.draws, seed=document.study.seed, claims=value.claims
        )
    return sheets


def summary(done: Computed) -> dict[str, Any]:
    """What `mingsuan study run --json` prints: for each scenario key figures, differences and values."""
    result = done.result
    scenarios = []
    for one in result.scenarios:
        entry: dict[str, Any] = {"id": one.id, "title": dict(one.title)}
        band = result.band(one.id, "oee")
        entry["oee"] = {name: list(getattr(band, name)) for name in band.__dataclass_fields__}
        if one.id in done.sheets or one.id != result.scenarios[0].id:
            change = result.difference(one.id, "oee")
            entry["oee_difference"] = {name: getattr(change, name) for name in change.__dataclass_fields__}
            entry["bottlenecks"] = list(result.bottlenecks(one.id))
        if one.id in done.sheets:
            entry["value"] = done.sheets[one.id].to_json()["outputs"]
        scenarios.append(entry)
    return {
        "study": done.document.name,
        "months": result.months,
        "draws": result.draws,
        "seed": result.seed,
        "method": result.method,
        "method_numbers": dict(result.method_numbers),
        "risks": dict(result.risks),
        "scenarios": scenarios,
    }


def write(done: Computed, *, engine: EngineName = "twin") -> bytes:
    """The capsule's bytes: the same study gives the same bytes."""
    members = {"study.yaml": done.text}
    members |= {f"files/{name}": content for name, content in done.files.items()}
    members["result.json"] = _json(done.result.to_json())
    members["values.json"] = _json({name: sheet.to_json() for name, sheet in done.sheets.items()})
    about = {
        "format": FORMAT,
        "product": version("mingsuan"),
        "engine": engine,
        "platform": platform_tag(),
        "sha256": {name: sha256(content).hexdigest() for name, content in sorted(members.items())},
    }
    members["capsule.json"] = _json(about)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def verify(data: bytes, name: str, *, executor: Executor = map) -> dict[str, Any]:
    """Compute a capsule again and compare every number.

    Returns `passed`, `same_platform`, `bitwise` (every number the same bit by bit), `largest_difference` (relative),
    `changed` (members that are not what the capsule says) and `message`.
    """
    members = _members(data, name)
    about = _about(members, name)
    listed: Mapping[str, str] = about["sha256"]
    wrong = [one for one, digest in listed.items() if sha256(members.get(one, b"")).hexdigest() != digest]
    changed = sorted({*wrong, *(members.keys() - listed.keys() - {"capsule.json"})})

    def fetch(wanted: str) -> bytes:
        if f"files/{wanted}" not in members:
            raise DocumentError(
                f"the capsule holds no file {wanted!r}",
                code="unknown_file",
                place=name,
                remedy="Make the capsule again with mingsuan study run.",
                value=wanted,
            )
        return members[f"files/{wanted}"]

    again = compute(members["study.yaml"], "study.yaml", fetch, engine=about["engine"], executor=executor)
    result, values = again.result.to_json(), {key: sheet.to_json() for key, sheet in again.sheets.items()}
    bitwise = _json(result) == members["result.json"] and _json(values) == members["values.json"]
    largest = 0.0 if bitwise else _largest(members, again, values)
    same = about["platform"] == platform_tag()
    passed = not changed and (bitwise if same else largest <= TOLERANCE)
    return {
        "passed": passed,
        "same_platform": same,
        "bitwise": bitwise,
        "largest_difference": largest,
        "changed": changed,
        "platform": about["platform"],
        "message": _told(changed=changed, bitwise=bitwise, same=same, largest=largest),
    }


def _told(*, changed: list[str], bitwise: bool, same: bool, largest: float) -> str:
    if changed:
        return f"members were changed after the capsule was made: {', '.join(changed)}"
    if bitwise:
        return "every number is the same, bit by bit"
    where = "on the platform it was made on" if same else "on another platform"
    return f"the largest relative difference is {largest:.3g} ({where})"


def _members(data: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise _not_a_capsule(name, "it is too large")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _not_a_capsule(name, "it is not a readable archive") from error


def _about(members: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(members["capsule.json"])
        known = about["format"] == FORMAT and about["engine"] in {"twin", "reference"}
        complete = {"study.yaml", "result.json", "values.json"} <= members.keys()
        if known and complete and isinstance(about["sha256"], dict) and isinstance(about["platform"], str):
            return about
    except (KeyError, TypeError, ValueError):
        pass
    raise _not_a_capsule(name, "its description is missing or of another version")


def _not_a_capsule(name: str, why: str) -> DocumentError:
    return DocumentError(
        f"this is not a capsule of ours: {why}",
        code="not_a_capsule",
        place=name,
        remedy="Give a file that mingsuan study run has written.",
        why=why,
    )


def _largest(members: Mapping[str, bytes], again: Computed, values: Mapping[str, Any]) -> float:
    try:
        before = Result.from_json(json.loads(members["result.json"]))
        pairs = [
            (old.kpis[kpi], new.kpis[kpi])
            for old, new in zip(before.scenarios, again.result.scenarios, strict=True)
            for kpi in new.kpis
        ]
        pairs += [(np.array(_numbers(json.loads(members["values.json"]))), np.array(_numbers(values)))]
        return max(_relative(old, new) for old, new in pairs)
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _relative(old: np.ndarray, new: np.ndarray) -> float:
    if old.shape != new.shape:
        return float("inf")
    scale = np.maximum(np.maximum(np.abs(old), np.abs(new)), 1e-300)
    return float(np.max(np.where(old == new, 0.0, np.abs(old - new) / scale), initial=0.0))


def _numbers(tree: Any) -> list[float]:
    if isinstance(tree, Mapping):
        return [number for key in sorted(tree) for number in _numbers(tree[key])]
    if isinstance(tree, list | tuple):
        return [number for item in tree for number in _numbers(item)]
    return [float(tree)] if isinstance(tree, int | float) and not isinstance(tree, bool) else []


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()
