"""Share links: domain lists, agreements, runs, pins, previews; and result links for one address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from portal import actions_audit, actions_links, actions_release, actions_runs, actions_share
from portal.actions import ActionError
from portal.identity import VENDOR, Member, Profile, Role, Tenant
from portal.invitations import AgreementNeededError, open_link
from portal.link_terms import agreement_digest
from portal.mail import Outbox
from portal.outgoing import send_waiting
from portal.releasable import Releasable
from portal.result_links import open_result
from portal.storage_acceptances import acceptances_of
from portal.storage_accounts import add_tenant, admit
from privacy.disclosure import CaseFigures, FindingsFigures

NDA = "You keep to yourself what you see here."


def opened(installation: Any, token: str, email: str, **more: Any) -> Any:
    return open_link(
        installation.store, installation.keys, token=token, email=email, name="", at=installation.clock(), **more
    )


def invite(installation: Any, **terms: Any) -> Any:
    return actions_links.invite(installation.as_(Role.REP), **{"label": "Acme", **terms})


def view(installation: Any) -> Any:
    return actions_links.list_links(installation.as_(Role.REP))[0]


def refused(call: Any, code: str) -> None:
    with pytest.raises((ActionError, ValueError)) as refusal:
        call()
    assert getattr(refusal.value, "code", "") == code


def test_a_link_may_name_several_domains(installation) -> None:
    link = invite(installation, domain="@acme.example, Acme.CN；plant.example", uses=3)
    assert view(installation).domain == "acme.example, acme.cn, plant.example"
    for email in ("li@acme.cn", "wang@plant.example"):
        opened(installation, link.token, email)
    refused(lambda: opened(installation, link.token, "x@other.example"), "link_not_valid")
    refused(lambda: invite(installation, domain="acme.example, nonsense"), "link_domain")


def test_an_agreement_is_accepted_first_and_its_acceptance_recorded(installation) -> None:
    link = invite(installation, agreement=NDA)
    for wrong in ("", "0" * 64, "同意", agreement_digest("another text")):
        with pytest.raises(AgreementNeededError) as asked:
            opened(installation, link.token, "li@acme.example", accepted=wrong)
        assert asked.value.text == NDA
    assert (view(installation).uses, view(installation).accepted) == (0, 0)
    opened(installation, link.token, "li@acme.example", accepted=agreement_digest(NDA))
    assert (view(installation).uses, view(installation).accepted) == (1, 1)
    with installation.store.reading() as tx:
        (kept,) = acceptances_of(tx, link.id)
    assert (kept["digest"], kept["person"][:2]) == (agreement_digest(NDA), "m-")


def test_the_text_of_an_agreement_is_shown_to_nobody_whose_address_may_not_enter(installation) -> None:
    link = invite(installation, agreement=NDA, domain="acme.example")
    with pytest.raises(ActionError) as refusal:
        opened(installation, link.token, "spy@other.example")
    assert refusal.value.code == "link_not_valid"


def test_a_workspace_starts_as_many_studies_as_its_link_allows(installation) -> None:
    link = invite(installation, runs=1)
    member, _ = opened(installation, link.token, "li@acme.example")
    workspace = type(installation.as_(Role.REP))(member, installation.store, installation.keys, installation.clock)
    from portal.materials import queue

    refused(lambda: actions_runs.run_study(workspace), "no_line")  # nothing was used up by that
    queue(workspace, "study", "subject")
    with installation.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()
    refused(lambda: actions_runs.run_study(workspace), "runs_used_up")
    refused(lambda: actions_runs.run_study(installation.as_(Role.OWNER)), "no_line")  # came through no link


def test_the_pack_is_pinned_to_its_version_and_the_guests_view_counts_nothing(installation) -> None:
    from portal.catalogue import packs

    pack = packs()[0].manifest
    link = invite(installation, pack=pack.id, agreement=NDA, runs=3)
    rep = installation.as_(Role.REP)
    before = view(installation)
    shown = actions_links.preview_link(rep, link.id)
    assert shown == {"agreement": NDA, "domains": [], "pack": f"{pack.id}@{pack.version}", "runs": 3}
    assert view(installation) == before
    for other in (installation.as_(Role.REP, who="another"),):
        refused(lambda other=other: actions_links.preview_link(other, link.id), "no_such_value")


# --- result links ---------------------------------------------------------------------------------------------------


@pytest.fixture
def released(installation, monkeypatch) -> Any:
    """The owner and a release."""
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
        profile = Profile(tenant=VENDOR, role=Role.REP, subject="c", name="Chen", email="c@v.example", provider="v")
        rep = admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER)
    found = Releasable(
        scenario="s", case=CaseFigures(oee_baseline=0.71), findings=FindingsFigures(), data_digest="ab" * 32
    )
    monkeypatch.setattr(actions_release, "releasable", lambda *_: found)
    shown = actions_release.preview_release(owner)
    given = actions_release.give_consent(
        owner, purpose="offer_preparation", until=installation.clock() + timedelta(days=30), digest=shown.digest,
        recipient=rep.id,
    )  # fmt: skip
    return owner, actions_release.disclose(owner, consent=given.id, digest=shown.digest)


def test_a_consent_withdrawn_while_its_release_is_computed_releases_nothing(
    installation, released, monkeypatch
) -> None:
    owner, first = released
    actions_release.withdraw_consent(owner, first.consent)
    shown = actions_release.preview_release(owner)
    term = installation.clock() + timedelta(days=30)
    given = actions_release.give_consent(owner, purpose="offer_preparation", until=term, digest=shown.digest)
    make = actions_release.make

    def made_meanwhile(*args: Any, **more: Any) -> Any:
        actions_release.withdraw_consent(installation.as_(Role.OWNER), given.id)
        return make(*args, **more)

    monkeypatch.setattr(actions_release, "make", made_meanwhile)
    refused(lambda: actions_release.disclose(owner, consent=given.id, digest=shown.digest), "no_such_value")
    assert [one.state for one in actions_release.releases(owner)] == ["withdrawn"]


def shared(installation: Any, owner: Any, release: Any, **more: Any) -> str:
    """The token of a result link, as the mail brings it."""
    origin = "https://portal.example"
    actions_share.share(owner, release.id, email="Boss@Acme.example", origin=origin, **more)
    outbox = Outbox(clock=installation.clock)
    send_waiting(installation.store, installation.keys, outbox, installation.clock)
    (_, mail) = outbox.mails()[0]
    assert mail.to == "boss@acme.example"
    found = re.search(r"/s/([\w-]+)", mail.body)
    assert found is not None
    return found[1]


def read(installation: Any, token: str, email: str = "boss@acme.example") -> Any:
    return open_result(installation.store, installation.keys, token=token, email=email, at=installation.clock())


def test_one_address_reads_one_result_so_often_and_no_longer(installation, released) -> None:
    owner, release = released
    token = shared(installation, owner, release, uses=2)
    refused(lambda: read(installation, token, "other@acme.example"), "link_not_valid")
    for _ in range(2):
        assert read(installation, token).payload["fields"]["oee_baseline"] == ["70-75"]
    refused(lambda: read(installation, token), "link_not_valid")
    (mine,) = actions_share.shared_links(owner)
    assert (mine.state, mine.uses) == ("used", 2)
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    entries = actions_audit.read_log(officer, verb="open_link", tenant="north")
    assert sorted(one.decision for one in entries) == ["allowed", "allowed", "refused", "refused"]
    assert actions_audit.verify_log(officer)["differences"] == []


def test_a_withdrawal_ends_the_link_and_drops_the_mail_that_waits(installation, released) -> None:
    owner, release = released
    token = shared(installation, owner, release)
    actions_share.share(owner, release.id, email="second@acme.example", origin="https://portal.example")
    actions_release.withdraw_consent(owner, release.consent)
    outbox = Outbox(clock=installation.clock)
    assert send_waiting(installation.store, installation.keys, outbox, installation.clock) == 0
    assert outbox.mails() == []
    refused(lambda: read(installation, token), "link_not_valid")
    assert {one.state for one in actions_share.shared_links(owner)} == {"over"}
    refused(lambda: actions_share.share(owner, release.id, email="third@acme.example"), "release_over")


def test_a_revoked_expired_or_foreign_link_opens_nothing(installation, released) -> None:
    owner, release = released
    token = shared(installation, owner, release, days=1)
    other = shared(installation, owner, release, days=20)
    newest = actions_share.shared_links(owner)[0]
    refused(lambda: actions_share.revoke_share(installation.as_(Role.OWNER, "south"), newest.id), "no_such_value")
    actions_share.revoke_share(owner, newest.id)
    revoked = {True: token, False: other}[newest.expires_at - installation.clock() < timedelta(days=2)]
    refused(lambda: read(installation, revoked), "link_not_valid")
    installation.clock.ahead = timedelta(days=25)
    for one in (token, other, "unknown"):
        refused(lambda one=one: read(installation, one), "link_not_valid")


def test_a_result_link_is_no_way_into_a_workspace(installation, released) -> None:
    owner, release = released
    token = shared(installation, owner, release)
    refused(lambda: opened(installation, token, "boss@acme.example"), "link_not_valid")
    sandbox = invite(installation)
    refused(lambda: read(installation, sandbox.token, "li@acme.example"), "link_not_valid")


# --- through the landing --------------------------------------------------------------------------------------------


def by_code(house: Any, token: str, email: str) -> tuple[Any, Any]:
    """A browser that has typed the code that was mailed to an address."""
    browser = house.client(origin=house.url)
    browser.post("/auth/code/send", data={"email": email, "name": "Li", "next": f"/s/{token}"})
    import time

    until = time.monotonic() + 10
    while time.monotonic() < until:
        mails = [mail for _, mail in house.portal.mailer.mails() if mail.to == email]
        if mails:
            break
        time.sleep(0.05)
    code = re.search(r"(\d{4}) (\d{4})", mails[0].body)
    assert code is not None
    return browser, browser.post("/auth/code/verify", data={"code": code[1] + code[2]})


def rep_of(house: Any) -> Any:
    member = Member(id="rep", tenant=VENDOR, role=Role.REP, subject="s", name="Chen", email="chen@v.example")
    return house.portal.workspace(member)


def test_a_guest_reads_the_agreement_after_his_address_is_proved_and_enters_when_he_accepts(house) -> None:
    link = actions_links.invite(rep_of(house), label="Acme", agreement=NDA)
    assert NDA not in house.client().get(f"/s/{link.token}").text
    browser, asked = by_code(house, link.token, "li@acme.example")
    assert NDA in asked.text
    hidden = dict(re.findall(r'name="(accepted|code)" value="([^"]+)"', asked.text))
    assert actions_links.list_links(rep_of(house))[0].uses == 0
    entered = browser.post("/auth/code/verify", data=hidden)
    assert entered.status_code == 303, entered.text
    assert actions_links.list_links(rep_of(house))[0].accepted == 1


def test_a_company_account_is_no_proof_of_the_address_of_a_result_link(house) -> None:
    from portal import storage_release
    from portal.link_terms import opened_terms
    from portal.storage import new_id
    from portal.storage_release import LinkRow
    from privacy.links import new_token, token_hash

    owner = house.portal.workspace(
        Member(id="o", tenant="nordfilm", role=Role.OWNER, subject="s", name="n", email="n@n.example")
    )
    token, key = new_token(), new_id()
    terms = {"label": "", "pack": "", "recipient": "anna@nordfilm.example", "disclosure": "d"}
    import json

    name, sealed = owner.seal("link", key, json.dumps(terms).encode())
    at = house.portal.now().timestamp()
    row = LinkRow(
        id=key, tenant="nordfilm", author="o", kind="result", token_hash=token_hash(token), created_at=at,
        expires_at=at + 9999, max_uses=3, uses=0, revoked_at=None, data_key=name, terms=sealed,
    )  # fmt: skip
    with house.portal.store.writing() as tx:
        storage_release.add_link(tx, row)
        assert opened_terms(owner.data_keys, row, tx)["recipient"] == "anna@nordfilm.example"
    browser = house.sign_in("nordfilm", "anna")
    answer = browser.post(f"/s/{token}/open", headers={"origin": house.url})
    assert (answer.status_code, 'action="/auth/code/send"' in answer.text) == (200, True)


def test_a_withdrawal_is_effective_everywhere_at_once(installation, released) -> None:
    """Feed, file, shared link, waiting mail, and what the rep is told: all within the transaction that withdraws."""
    from portal import actions_copies, actions_recall

    owner, release = released
    rep = installation.as_(Role.REP, who=release.recipient)
    token = shared(installation, owner, release)
    actions_share.share(owner, release.id, email="late@acme.example", origin="https://portal.example")
    assert [item.id for item in actions_links.sales_feed(rep)] == [release.id]
    actions_copies.take_disclosure(rep, release.id, form="json")
    read(installation, token)
    actions_release.withdraw_consent(owner, release.consent)
    assert actions_links.sales_feed(rep) == []
    refused(lambda: actions_copies.take_disclosure(rep, release.id), "no_such_value")
    refused(lambda: read(installation, token), "link_not_valid")
    outbox = Outbox(clock=installation.clock)
    assert send_waiting(installation.store, installation.keys, outbox, installation.clock) == 0
    assert [one.id for one in actions_recall.recalls(rep)] == [release.id]
    assert actions_links.preview_as_rep(owner) == []
    with installation.store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT sealed FROM disclosures").fetchall()
    assert [row[0] for row in rows] == [None]
