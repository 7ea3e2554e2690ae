"""``pack``: the life of an industry pack, from a draft to its retirement."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from industry_packs import drafts, pack, releases, signing, template_workbook, testing, trials
from portal import wiring
from portal.commands.outcome import FAILED, Outcome, Run, read_bytes


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on packs."""
    packs = commands.add_parser("pack", help="the life of an industry pack")
    verbs = packs.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, run: Run, about: str, subject: str = "") -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, help=about)
        if subject == "FOLDER":
            made.add_argument("subject", metavar="FOLDER", type=Path)
        elif subject:
            made.add_argument("id", metavar="ID")
            if subject == "VERSION":
                made.add_argument("version", metavar="VERSION")
        made.add_argument("--json", action="store_true")
        made.set_defaults(run=run)
        return made

    verb("list", run_list, "shipped and installed packs").add_argument("--store", type=Path, help=_STORE)
    new = verb("new", run_new, "a draft, from the nearest pack", "FOLDER")
    new.add_argument("--like", default="discrete-manufacturing", help="pack to start from")
    new.add_argument("--title-zh", default="新行业包")
    new.add_argument("--title-en", default="New pack")
    new.add_argument("--owner", default="author")
    new.add_argument("--reviewer", default="reviewer")
    verb("lint", run_lint, "every rule of the gate", "FOLDER")
    verb("test", run_test, "the whole gate: rules and tests", "FOLDER")
    verb("verify", run_verify, "check the signature", "FOLDER").add_argument("--store", type=Path, help=_STORE)
    tree = verb("tree", run_tree, "the decision tree of a pack: questions, doubts, tools", "ID")
    tree.add_argument("--pain", default="", help="one of its three pains (default: all)")
    run = verb("run", run_template, "one validation template from its sample, with its verdict", "ID")
    run.add_argument("template", metavar="TEMPLATE", help="such as downtime-cost")
    run.add_argument("--claims", action="store_true", help="count vendor claims as well")
    run.add_argument("-o", "--output", type=Path, help="write the result as a workbook")
    run.add_argument("--language", choices=tuple(template_workbook.WORDS), default="en")
    key = verb("key", run_key, "make a signing key")
    key.add_argument("subject", metavar="KEYFILE", type=Path)
    trust = verb("trust", run_trust, "let this installation take packs signed with a key")
    trust.add_argument("subject", metavar="KEYFILE", type=Path, help="the private or the public half, PEM")
    trust.add_argument("--title", default="trusted here", help="whose key it is")
    sign = verb("sign", run_sign, "sign a folder", "FOLDER")
    sign.add_argument("--key", type=Path, required=True, help="Ed25519 private key, PEM (mingsuan pack key KEYFILE)")
    install = verb("install", run_install, "take a signed pack into the store (sandbox)", "FOLDER")
    publish = verb("publish", run_publish, "release a version; not by its author", "VERSION")
    publish.add_argument("--share", type=float, default=1.0, help="share of tenants (a canary), such as 0.05")
    back = verb("rollback", run_rollback, "back to the version before", "ID")
    retire = verb("retire", run_retire, "take a version out of use for good", "VERSION")
    trust.add_argument("--store", type=Path, help=_STORE)
    for made in (install, publish, back, retire):
        made.add_argument("--store", type=Path, help=_STORE)
        made.add_argument("--by", required=True, help="who does it")
    for made in (publish, back, retire):
        made.add_argument("--reason", default="", help="why, at least 20 characters")


_STORE = "folder of installed packs (default: packs in the data folder)"


def _store(given: argparse.Namespace) -> Path:
    return Path(given.store) if given.store else wiring.read_settings().data / "packs"


def _told(document: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in document.items() if not isinstance(value, list | dict)]


def run_list(given: argparse.Namespace) -> Outcome:
    """List packs; needs no running portal."""
    store = _store(given)
    document = releases.list_packs(store if store.is_dir() else None)
    lines = [f"{r['id']:<28} {r['version']:<10} {r['state']:<12} {r['title']['en']}" for r in document["packs"]]
    return Outcome(document=document, lines=lines)


def run_new(given: argparse.Namespace) -> Outcome:
    """Write a draft into an empty folder; its name is the pack's id."""
    start = next((one for one in pack.shipped_packs() if one.manifest.id == given.like), None)
    if start is None:
        raise pack.PackError(
            f"there is no pack {given.like!r}",
            code="no_such_pack",
            place="--like",
            remedy="Choose one of mingsuan pack list.",
            id=given.like,
        )
    document = drafts.new_pack(
        given.subject,
        start=start,
        identity=given.subject.name,
        title={"zh-CN": given.title_zh, "en": given.title_en},
        owner=given.owner,
        reviewer=given.reviewer,
    )
    return Outcome(document=document, lines=_told(document))


def run_lint(given: argparse.Namespace) -> Outcome:
    """Check every rule."""
    return _judged(testing.lint(given.subject))


def run_test(given: argparse.Namespace) -> Outcome:
    """Check every rule, then run every test."""
    return _judged(trials.gate(given.subject))


def _judged(document: Mapping[str, Any]) -> Outcome:
    lines = [
        f"{found['file']}: {found['place']}: {found['message']} {found['remedy']}" for found in document["findings"]
    ]
    lines += [
        f"{'passed' if test['passed'] else 'FAILED'}  {test['name']}  {test['why']}"
        for test in document.get("tests", ())
    ]
    lines.append("passed" if document["passed"] else "FAILED")
    return Outcome(document=document, lines=lines, status=0 if document["passed"] else FAILED)


def run_verify(given: argparse.Namespace) -> Outcome:
    """Check the signature against the pinned keys; a bad one is a failed check."""
    try:
        found = pack.load_pack(given.subject, trusted=releases.trusted_in(_store(given)))
    except pack.PackError as error:
        if error.code not in {"unsigned", "tampered", "untrusted_key", "revoked_key", "bad_signature_file"}:
            raise
        body = {"code": error.code, "file": given.subject.name, "place": error.place, "message": str(error)}
        document = {"error": {**body, "remedy": error.remedy}}
        return Outcome(document=document, lines=[f"{error} {error.remedy}"], status=FAILED)
    about = {"id": found.id, "version": found.version, "digest": found.digest, "signed_by": found.signed_by}
    return Outcome(document=about, lines=_told(about))


def run_tree(given: argparse.Namespace) -> Outcome:
    """Show where each pain of a pack leads."""
    found = pack.shipped_pack(given.id)
    pains = [one for one in found.decision_map.pains if given.pain in {"", one.id}]
    if not pains:
        raise pack.PackError(
            f"{found.id} has no pain {given.pain!r}",
            code="no_such_thing",
            place="--pain",
            remedy=f"Use one of {', '.join(one.id for one in found.decision_map.pains)}.",
            what="pain",
            name=given.pain,
            known=", ".join(one.id for one in found.decision_map.pains),
        )
    ways = [found.decision_map.tree(one.id) for one in pains]
    lines = []
    for pain, way in zip(pains, ways, strict=True):
        lines.append(f"{pain.id}: {pain.title['en']}")
        lines += [f"  ask: {question['en']}" for question in way.questions]
        lines += [f"  doubt: {fork.doubt['en']} ({fork.owner_role}) -> {fork.tool}" for fork in way.forks]
        lines.append(f"  otherwise -> {way.otherwise}")
    return Outcome(
        document={"pack": found.id, "version": found.version, "ways": [asdict(way) for way in ways]}, lines=lines
    )


def run_template(given: argparse.Namespace) -> Outcome:
    """Run one template of a shipped pack, and write its document where one is wanted."""
    found = pack.shipped_pack(given.id)
    names = {name.partition(".")[2]: name for name in found.templates} | {name: name for name in found.templates}
    if given.template not in names:
        raise pack.PackError(
            f"{found.id} has no template {given.template!r}",
            code="no_such_thing",
            place="TEMPLATE",
            remedy=f"Use one of {', '.join(sorted(found.templates))}.",
            what="template",
            name=given.template,
            known=", ".join(sorted(found.templates)),
        )
    identity = names[given.template]
    told = template_workbook.outcomes(found, identity, trials.run_template(found, identity, claims=given.claims))
    if given.output is not None:
        given.output.write_bytes(
            template_workbook.write_result(found, identity, language=given.language, claims=given.claims)
        )
    document = {
        "template": identity,
        "pack": found.id,
        "version": found.version,
        "digest": found.digest,
        "outputs": [
            {"name": one.name, "value": one.value, "measure": one.measure, "reached": one.holds} for one in told
        ],
    }
    lines = [found.templates[identity].question["en"]]
    lines += [
        f"  {one.name} = {one.value:.6g}   {one.measure}: {'reached' if one.holds else 'not reached'}" for one in told
    ]
    return Outcome(document=document, lines=lines)


def run_key(given: argparse.Namespace) -> Outcome:
    """Make a signing key in a file of its own."""
    key = signing.write_key(given.subject)
    told = [f"key {key.id} in {given.subject.name}; keep it: nobody else can sign with it"]
    return Outcome(document={"key": key.id, "file": given.subject.name}, lines=told)


def run_trust(given: argparse.Namespace) -> Outcome:
    """Trust a key in this installation."""
    document = releases.trust(_store(given), signing.public_key(read_bytes(given.subject), title=given.title))
    return Outcome(document=document, lines=[f"packs signed with {document['key']} can be installed here"])


def run_sign(given: argparse.Namespace) -> Outcome:
    """Write pack.sig."""
    signature = signing.sign(given.subject, read_bytes(given.key))
    return Outcome(document={"key": signature.key, "digest": signature.digest}, lines=[f"signed by {signature.key}"])


def run_install(given: argparse.Namespace) -> Outcome:
    """Take a signed pack into the store."""
    store = _store(given)
    trusted = releases.trusted_in(store)
    document = releases.install(given.subject, store, by=given.by, at=wiring.utc_now(), trusted=trusted)
    return Outcome(document=document, lines=_told(document))


def run_publish(given: argparse.Namespace) -> Outcome:
    """Release a version, to all or to a share."""
    store = _store(given)
    document = releases.publish(
        store,
        given.id,
        given.version,
        by=given.by,
        at=wiring.utc_now(),
        share=given.share,
        reason=given.reason,
        trusted=releases.trusted_in(store),
    )
    return Outcome(document=document, lines=_told(document))


def run_rollback(given: argparse.Namespace) -> Outcome:
    """Back to the version before."""
    document = releases.rollback(_store(given), given.id, by=given.by, at=wiring.utc_now(), reason=given.reason)
    return Outcome(document=document, lines=_told(document))


def run_retire(given: argparse.Namespace) -> Outcome:
    """Take a version out of use."""
    document = releases.retire(
        _store(given), given.id, given.version, by=given.by, at=wiring.utc_now(), reason=given.reason
    )
    return Outcome(document=document, lines=_told(document))
