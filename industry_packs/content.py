"""What a pack says beside lines, modules, calculators and check lists: the nouns of a sale that helps to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from templates.documents import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The head of a pack, from pack.yaml."""

    id: str  # words with hyphens, such as "discrete-manufacturing"
    version: str  # semantic version, such as "1.0.0"
    title: Text
    summary: Text
    owner: str  # who answers for the content
    reviewer: str  # who checked it; never the owner
    review_by: date  # from this day on the pack asks for a new review
    licence: str  # SPDX identifier
    engine: tuple[str, str]  # versions of the product it works with: from (included), to (excluded)
    languages: tuple[str, ...]
    changes: tuple[tuple[str, Text], ...]  # version and what is new in it, newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class StationName:
    """A station of the pack's lines and the words customers use for such a machine."""

    name: str  # as in the line documents
    title: Text
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One of the five reasons why a decision stalls, and what removes it."""

    id: str
    title: Text  # the doubt in the words of the one who has it
    owner_role: str  # who has it: a key of templates.checklist_document.OWNERS, as all owner roles here
    evidence: tuple[Text, ...]  # what removes it
    templates: tuple[str, ...]  # validation templates that produce this evidence
    checklists: tuple[str, ...]
    guide: tuple[str, ...]  # cards for the rep only
    pains: tuple[str, ...]  # starting pains that lead here


@dataclass(frozen=True, slots=True, kw_only=True)
class Pain:
    """One of the three choices a prospect starts from."""

    id: str
    title: Text
    first_template: str
    questions: tuple[Text, ...]  # in the order they are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A doubt on the way from a pain: whoever has it (yes) goes to the tool that removes it, the others go on."""

    doubt: Text
    obstacle: str
    owner_role: str
    tool: str  # a validation template
    checklists: tuple[str, ...]
    evidence: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The tree of one pain: what is asked first, the doubts in their order, and where everybody else begins."""

    pain: str
    questions: tuple[Text, ...]
    forks: tuple[Fork, ...]
    otherwise: str  # the template for whoever has none of the doubts

    def after(self, *has: bool) -> Fork | str | None:
        """Where the answers so far lead: a fork (the first yes), the template at the end, or None while more is asked.

        `has` answers the doubts in their order.
        """
        for fork, yes in zip(self.forks, has, strict=False):
            if yes:
                return fork
        return self.otherwise if len(has) >= len(self.forks) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMap:
    """Three pains lead to five obstacles; each obstacle to the evidence that removes it."""

    pains: tuple[Pain, ...]
    obstacles: tuple[Obstacle, ...]

    def route(self, pain: str) -> tuple[Obstacle, ...]:
        """The obstacles of a pain, in the order of the map."""
        return tuple(obstacle for obstacle in self.obstacles if pain in obstacle.pains)

    def tree(self, pain: str) -> Way:
        """The decision tree of a pain; KeyError where there is no such pain."""
        found = next((one for one in self.pains if one.id == pain), None)
        if found is None:
            raise KeyError(pain)
        return Way(
            pain=pain,
            questions=found.questions,
            forks=tuple(
                Fork(
                    doubt=one.title,
                    obstacle=one.id,
                    owner_role=one.owner_role,
                    tool=one.templates[0],
                    checklists=one.checklists,
                    evidence=one.evidence,
                )
                for one in self.route(pain)
            ),
            otherwise=found.first_template,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRule:
    """What an output of a template is for: without an action and an acceptance measure it is only a number."""

    name: str
    title: Text
    action: Text  # what to do with it
    acceptance: Text  # when it counts as good enough, as a sentence
    measure: str  # the same as a comparison in the output's unit, such as "payback <= 24"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """A field a template asks for: the unit, the reason, and where to find the number.

    For a calculator, all but `where` come from its input of this name.
    """

    name: str
    title: Text
    unit: str
    why: Text
    where: Text
    default: float | None
    source: Text | None  # of the default; there whenever a default is


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationTemplate:
    """A question a customer settles alone: inputs, model, acceptance rule, sample, expected result, limits."""

    id: str  # unique over all packs
    title: Text
    question: Text
    owner_role: str
    fields: tuple[FieldRule, ...]  # at most 10 for a first answer
    model: str  # "calculator", "simulator", "checklist" or "process"
    uses: str  # id of the calculator, line, check list or process
    modules: tuple[str, ...]  # simulator only
    variant: str  # line or process as it would be, beside `uses`, which is today's; "" for none
    outputs: tuple[OutputRule, ...]
    sample: Mapping[str, object]  # a value for each field
    sample_file: str  # path of an upload that goes with it, "" for none
    limits: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """A warning of three levels with owner and next step; a trap carries a question and a haircut as well."""

    id: str
    title: Text
    level: int  # 1 to 3
    when: str  # comparison over named results, such as "payback_p90 > 36"; "" = asked as a question
    question: Text | None
    owner_role: str
    next_step: Text
    haircut: tuple[float, float, float] | None  # low, likely, high: share of the benefit lost while the trap is open
    source: Text
    trap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCard:
    """Words for the sales rep only; never shown in a prospect's workspace."""

    id: str
    industry: str
    role: str  # whom the rep speaks with: an owner role
    objection: str  # price, delivery, integration, risk, data
    says: Text  # the doubt as it is said
    answer: Text
    ask: Text  # the question to give back
    never: Text  # what not to claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One page for the rep before a meeting: five questions, five formulas, five objections."""

    questions: tuple[Text, ...]
    formulas: tuple[Text, ...]
    objections: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTemplate:
    """What a file for this pack must hold: fields by meaning, header examples in both languages, a sample row."""

    id: str
    kind: str  # equipment, stops, counts, ...
    title: Text
    columns: tuple[UploadColumn, ...]
    sample: str  # path of the sample file inside the pack, "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadColumn:
    """One column: the field it becomes and how it is usually headed."""

    field: str
    needed: bool
    unit: str
    headers: Mapping[str, tuple[str, ...]]  # by language
    example: str
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicy:
    """What a disclosure made with this pack may hold at most; the bands are those of the public grid."""

    allowed: tuple[str, ...]  # fields of privacy.release
    purposes: tuple[str, ...]
    days_at_most: int
    never: tuple[Text, ...]  # shown to the prospect: what no release will ever hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The card that says where the pack's models end."""

    valid: tuple[Text, ...]
    not_modelled: tuple[Text, ...]
    accuracy: Text  # what is known from back-tests, and what is not
    use: Text  # what decisions it is fit for
