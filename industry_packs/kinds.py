"""The documents of a pack: each kind declared once, for the reader and for the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping

from privacy.consent import PURPOSES
from privacy.release import FIELDS
from templates.checklist_document import OWNERS
from templates.documents import LANGUAGES
from templates.mapping import KINDS
from templates.module_document import ID
from templates.shapes import (
    Bilingual,
    ByName,
    Choice,
    Day,
    Document,
    Fields,
    Maybe,
    Number,
    Scalar,
    Several,
    Share,
    Whole,
    Words,
    YesNo,
)

VERSION = Words(pattern=r"\d{1,4}\.\d{1,4}\.\d{1,4}", example="1.0.0")
OBJECTIONS = ("price", "delivery", "integration", "risk", "data")
_title = Bilingual(at_most=200)
_says = Bilingual(at_most=1000)
_owner = Choice(OWNERS)
_name = Words(pattern=r"[a-z][a-z0-9_]{0,60}", example="scrap_cost", at_most=64)

PACK = Document(
    kind="pack",
    about="The head of an industry pack",
    fields=Fields(
        {
            "id": ID,
            "version": VERSION,
            "title": _title,
            "summary": _says,
            "owner": Words(at_most=200),
            "reviewer": Words(at_most=200),
            "review_by": Day(),
            "licence": Words(pattern=r"[A-Za-z0-9.+-]+", example="Apache-2.0", at_most=60),
            "engine": Fields({"from": VERSION, "to": VERSION}),
            "languages": Several(of=Choice(LANGUAGES), at_least=1, at_most=10),
            "changes": Several(of=Fields({"version": VERSION, "notes": _says}), at_least=1, at_most=200),
        }
    ),
)
STATIONS = Document(
    kind="stations",
    about="The stations of the pack's lines and what customers call them",
    fields=Fields(
        {
            "stations": Several(
                of=Fields(
                    {
                        "name": Words(at_most=100),
                        "title": _title,
                        "synonyms": Several(of=Words(at_most=60), at_least=2, at_most=60),
                    }
                ),
                at_least=1,
                at_most=60,
            )
        }
    ),
)
DECISION_MAP = Document(
    kind="decision_map",
    about="Three pains, five obstacles, and what removes them",
    fields=Fields(
        {
            "pains": Several(
                of=Fields(
                    {
                        "id": ID,
                        "title": _title,
                        "first_template": Words(at_most=100),
                        "questions": Several(of=_says, at_least=1, at_most=10),
                    }
                ),
                at_least=3,
                at_most=3,
            ),
            "obstacles": Several(
                of=Fields(
                    {
                        "id": ID,
                        "title": _title,
                        "owner_role": _owner,
                        "evidence": Several(of=_says, at_least=1, at_most=8),
                        "templates": Several(of=Words(at_most=100), at_least=1, at_most=8),
                        "checklists": Maybe(Several(of=Words(at_most=100), at_most=8), ()),
                        "guide": Several(of=Words(at_most=100), at_least=1, at_most=8),
                        "pains": Several(of=Words(at_most=100), at_least=1, at_most=3),
                    }
                ),
                at_least=5,
                at_most=5,
            ),
        }
    ),
)
VALIDATION = Document(
    kind="validation",
    about="A question a customer settles alone",
    fields=Fields(
        {
            "id": Words(pattern=r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*", example="discrete.changeover", at_most=100),
            "title": _title,
            "question": _says,
            "owner_role": _owner,
            "fields": Several(
                of=Fields(
                    {
                        "name": _name,
                        "where": _says,
                        "title": Maybe(_title, None),
                        "unit": Maybe(Words(at_most=60), ""),
                        "why": Maybe(_says, None),
                    }
                ),
                at_least=1,
                at_most=10,
            ),
            "model": Choice(("calculator", "simulator", "checklist", "process")),
            "uses": Words(at_most=100),
            "modules": Maybe(Several(of=Words(at_most=100), at_most=10), ()),
            "variant": Maybe(Words(at_most=100), ""),
            "outputs": Several(
                of=Fields(
                    {
                        "name": _name,
                        "title": _title,
                        "action": _says,
                        "acceptance": _says,
                        "measure": Words(at_most=200),
                    }
                ),
                at_least=1,
                at_most=5,
            ),
            "sample": ByName(of=Scalar()),
            "sample_file": Maybe(Words(at_most=200), ""),
            "limits": _says,
        }
    ),
)
UPLOAD = Document(
    kind="upload",
    about="What a file for this pack must hold",
    fields=Fields(
        {
            "id": ID,
            "kind": Choice(KINDS),
            "title": _title,
            "columns": Several(
                of=Fields(
                    {
                        "field": _name,
                        "needed": YesNo(),
                        "unit": Maybe(Words(at_most=60), ""),
                        "headers": Fields(
                            {lang: Several(of=Words(at_most=100), at_least=1, at_most=20) for lang in LANGUAGES}
                        ),
                        "example": Words(at_most=100),
                        "why": _says,
                    }
                ),
                at_least=1,
                at_most=40,
            ),
            "sample": Maybe(Words(at_most=200), ""),
        }
    ),
)
RISKS = Document(
    kind="risks",
    about="Warnings with level, owner and next step; traps with question and haircut",
    fields=Fields(
        {
            "rules": Several(
                of=Fields(
                    {
                        "id": ID,
                        "title": _title,
                        "level": Whole(low=1, high=3),
                        "when": Maybe(Words(at_most=200), ""),
                        "question": Maybe(_says, None),
                        "owner_role": _owner,
                        "next_step": _says,
                        "haircut": Maybe(Several(of=Share(), at_least=3, at_most=3), None),
                        "source": _says,
                        "trap": Maybe(YesNo(), default=False),
                    }
                ),
                at_least=1,
                at_most=60,
            )
        }
    ),
)
GUIDE = Document(
    kind="guide",
    about="Cards for the sales rep only",
    fields=Fields(
        {
            "brief": Fields(
                {key: Several(of=_says, at_least=5, at_most=5) for key in ("questions", "formulas", "objections")}
            ),
            "cards": Several(
                of=Fields(
                    {
                        "id": ID,
                        "industry": ID,
                        "role": _owner,
                        "objection": Choice(OBJECTIONS),
                        "says": _says,
                        "answer": _says,
                        "ask": _says,
                        "never": _says,
                    }
                ),
                at_least=5,
                at_most=60,
            ),
        }
    ),
)
RELEASE_POLICY = Document(
    kind="release_policy",
    about="What a disclosure may hold at most",
    fields=Fields(
        {
            "allowed": Several(of=Choice(tuple(FIELDS)), at_least=1, at_most=60),
            "purposes": Several(of=Choice(tuple(PURPOSES)), at_least=1, at_most=10),
            "days_at_most": Whole(low=1, high=730),
            "never": Several(of=_title, at_least=1, at_most=40),
        }
    ),
)
LIMITS = Document(
    kind="limits",
    about="Where the pack's models end",
    fields=Fields(
        {
            "valid": Several(of=_says, at_least=1, at_most=12),
            "not_modelled": Several(of=_says, at_least=1, at_most=20),
            "accuracy": _says,
            "use": _says,
        }
    ),
)
_expected = ByName(of=Several(of=Number(), at_least=2, at_most=2))
PACK_TEST = Document(
    kind="pack_test",
    about="What the pack's content must give",
    fields=Fields(
        {
            "tests": Several(
                of=Fields(
                    {
                        "name": Words(at_most=200),
                        "calculator": Maybe(Words(at_most=100), ""),
                        "template": Maybe(Words(at_most=100), ""),
                        "line": Maybe(Words(at_most=100), ""),
                        "process": Maybe(Words(at_most=100), ""),
                        "module": Maybe(Words(at_most=100), ""),
                        "checklist": Maybe(Words(at_most=100), ""),
                        "upload": Maybe(Words(at_most=100), ""),
                        "pain": Maybe(Words(at_most=100), ""),
                        "machines": Maybe(Several(of=Words(at_most=100), at_most=60), ()),
                        "given": Maybe(ByName(of=Scalar()), {}),
                        "others": Maybe(Choice(("met", "partly", "not_met", "not_applicable", "")), ""),
                        "claims": Maybe(YesNo(), default=False),
                        "expect": Maybe(_expected, {}),
                        "expect_words": Maybe(Several(of=Words(at_most=200), at_most=100), ()),
                    }
                ),
                at_least=1,
                at_most=200,
            )
        }
    ),
)

DOCUMENTS: Mapping[str, Document] = {
    document.kind: document
    for document in (
        PACK,
        STATIONS,
        DECISION_MAP,
        VALIDATION,
        UPLOAD,
        RISKS,
        GUIDE,
        RELEASE_POLICY,
        LIMITS,
        PACK_TEST,
    )
}
