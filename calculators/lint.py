"""What a calculator must have before it may be published, beyond being computable.

A number without an action and an acceptance measure is not worth showing; a default without a source is an opinion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calculators.calculator import Calculator
from calculators.declarations import Input, Text, Tier

LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One thing to mend before publishing; `severity` is error or warning."""

    severity: str
    code: str
    place: str
    message: str
    remedy: str


def lint(calculator: Calculator) -> tuple[LintFinding, ...]:
    """Everything that is missing: an empty result means the calculator may be published."""
    return (
        *_outputs(calculator),
        *(finding for item in calculator.inputs for finding in _input(item)),
        *_benefits(calculator),
        *_unused(calculator),
    )


def _incomplete(text: Text) -> bool:
    return any(not text.get(language, "").strip() for language in LANGUAGES)


def _outputs(calculator: Calculator) -> Iterator[LintFinding]:
    if not calculator.outputs:
        yield _error("no_outputs", "outputs", "nothing is shown", "Declare at least one output.")
    for output in calculator.outputs:
        place = f"output {output.name}"
        if _incomplete(output.action):
            yield _error("no_action", place, "no action follows from it", "Say what one does with the number.")
        if _incomplete(output.acceptance):
            yield _error("no_acceptance", place, "nobody can check later whether it came true",
                         "Say what will be measured, and when.")  # fmt: skip
        if _incomplete(output.title):
            yield _error("no_title", place, "the title is missing in one language", "Give it in zh-CN and en.")


def _input(item: Input) -> Iterator[LintFinding]:
    place = f"input {item.name}"
    if item.likely is not None and (_incomplete(item.source) or item.tier is None):
        yield _error("default_without_source", place, "a default stands there without source and tier",
                     "Name the source, or leave the default out.")  # fmt: skip
    if _incomplete(item.purpose) or _incomplete(item.title):
        yield _error("no_purpose", place, "it is not said why it is asked", "Give title and purpose in zh-CN and en.")
    if item.tier is Tier.CLAIM and item.no_effect is None:
        yield _error("claim_without_no_effect", place, "a vendor claim cannot be switched off",
                     "Declare no_effect, the value that stands for 'nothing changes'.")  # fmt: skip
    if item.likely is not None and item.low is None and item.tier is Tier.CLAIM:
        yield _warning("claim_without_range", place, "a vendor claim stands there as one number", "Give low and high.")


def _benefits(calculator: Calculator) -> Iterator[LintFinding]:
    covered = {name for cap in calculator.caps for name in cap.covers}
    lines: dict[str, list[str]] = {}
    for formula in calculator.formulas:
        if formula.hangs_on:
            lines.setdefault(formula.hangs_on, []).append(formula.name)
        if formula.name in covered and not formula.hangs_on:
            yield _error("benefit_hangs_on_nothing", f"formula {formula.name}", "it is capped but hangs on no loss",
                         "Name the loss or cost line under hangs_on.")  # fmt: skip
    for line, names in lines.items():
        if len(names) > 1 and not set(names) <= covered:
            yield _error("overlap_without_cap", f"loss {line}", f"{', '.join(names)} hang on it without a shared cap",
                         "Add a cap that covers them all.")  # fmt: skip


def _unused(calculator: Calculator) -> Iterator[LintFinding]:
    used = calculator.plan.ancestors(*(output.name for output in calculator.outputs))
    for item in calculator.inputs:
        if item.name not in used:
            yield _warning("unused_input", f"input {item.name}", "no output depends on it", "Take it out.")
    for formula in calculator.formulas:
        if formula.name not in used:
            yield _warning("unused_formula", f"formula {formula.name}", "no output depends on it", "Take it out.")


def _error(code: str, place: str, message: str, remedy: str) -> LintFinding:
    return LintFinding(severity="error", code=code, place=place, message=message, remedy=remedy)


def _warning(code: str, place: str, message: str, remedy: str) -> LintFinding:
    return LintFinding(severity="warning", code=code, place=place, message=message, remedy=remedy)
