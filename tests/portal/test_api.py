"""The API for programs, over real HTTP: tokens, pushed records, sent again, foreign ids, refusals."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from portal import storage_accounts, storage_service
from portal.actions_journey import access_log
from portal.actions_service import open_service_account, revoke_service_account, service_accounts
from portal.api_bodies import CsvReader, JsonReader, NdjsonReader
from portal.api_rows import KINDS, BodyError, Rows
from portal.identity import Profile, Role

TENANT = ("data:write", "data:read", "studies:write", "studies:read")
STOP = {"station": "filler", "started_at": "2026-03-02T08:00:00+08:00", "duration_s": 300, "reason": "jam"}


def person(house, tenant: str, role: Role, subject: str = ""):
    provider = house.providers[tenant]
    profile = Profile(
        tenant=tenant, role=role, subject=subject or f"api-{role}", name=str(role), email="", provider=provider.id
    )
    with house.portal.store.writing() as tx:
        return storage_accounts.admit(tx, profile, language="en", now=house.clock())


def account(house, tenant: str = "huacheng", scopes=TENANT, role: Role = Role.OWNER):
    workspace = house.portal.workspace(person(house, tenant, role))
    return open_service_account(workspace, label="MES", scopes=scopes), workspace


def token(house, made, **form) -> str:
    answer = httpx2.post(
        f"{house.url}/api/v1/oauth/token",
        data={"grant_type": "client_credentials", **form},
        auth=(made.id, made.secret),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["access_token"]


@pytest.fixture
def plant(house):
    """A program of the first tenant."""
    made, _ = account(house)
    with caller(house, token(house, made)) as client:
        yield client


def caller(house, bearer: str):
    return httpx2.Client(
        base_url=f"{house.url}/api/v1",
        headers={"authorization": f"Bearer {bearer}", "accept-language": "en"},
        trust_env=False,
    )


def problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code, body
    assert body["title"]
    assert "Traceback" not in answer.text
    return body


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_carries_the_scopes_that_were_asked_for_and_no_more(house):
    made, _ = account(house, scopes=("data:write", "data:read"))
    with caller(house, token(house, made, scope="data:read")) as client:
        assert client.get("/datasets").status_code == 200
        problem(client.post("/stops", json=[STOP]), 403, "scope_missing")
        problem(client.get("/studies/" + "0" * 32), 403, "scope_missing")
    refused = httpx2.post(
        f"{house.url}/api/v1/oauth/token",
        data={"grant_type": "client_credentials", "scope": "studies:write"},
        auth=(made.id, made.secret),
        trust_env=False,
    )
    assert problem(refused, 400, "invalid_scope")["error"] == "invalid_scope"


@pytest.mark.parametrize("secret", ["wrong", "", "é" * 40])
def test_a_wrong_secret_and_an_unknown_account_read_the_same(house, secret):
    made, _ = account(house)
    answers = [
        httpx2.post(
            f"{house.url}/api/v1/oauth/token",
            data={"grant_type": "client_credentials", "client_id": name, "client_secret": secret or "x"},
            trust_env=False,
        )
        for name in (made.id, "0" * 32)
    ]
    assert {answer.json()["error"] for answer in answers} == {"invalid_client"}
    assert answers[0].json() | {"status": 0} == answers[1].json() | {"status": 0}
    assert not [answer for answer in answers if answer.status_code not in {400, 401}]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"authorization": "Basic ////////"}, b"grant_type=client_credentials"),
        ({"authorization": b"Basic \xff"}, b"grant_type=client_credentials"),
        ({}, b"\xff\xfe"),
        ({}, b"grant_type=password&username=a&password=b"),
        ({}, b"grant_type=client_credentials&grant_type=client_credentials"),
        ({}, b""),
    ],
)
def test_a_token_request_that_makes_no_sense_is_refused_with_words(house, headers, body):
    answer = httpx2.post(
        f"{house.url}/api/v1/oauth/token",
        content=body,
        headers={"content-type": "application/x-www-form-urlencoded", **headers},
        trust_env=False,
    )
    assert answer.status_code in {400, 401}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"]


def test_a_token_ends_by_time_by_revocation_and_with_its_account(house):
    made, workspace = account(house)
    short, given_back, last = (token(house, made) for _ in range(3))
    with caller(house, given_back) as client:
        assert client.get("/datasets").status_code == 200
        done = client.post("/oauth/revoke", data={"token": given_back}, auth=(made.id, made.secret))
        assert done.status_code == 200
        problem(client.get("/datasets"), 401, "token_needed")
    revoke_service_account(workspace, made.id)
    with caller(house, last) as client:
        assert "invalid_token" in client.get("/datasets").headers["www-authenticate"]
    fresh, _ = account(house)
    bearer = token(house, fresh)
    house.clock.ahead = timedelta(minutes=16)
    with caller(house, bearer) as client:
        problem(client.get("/datasets"), 401, "token_needed")
    with caller(house, short) as client:
        problem(client.get("/datasets"), 401, "token_needed")
    with house.portal.store.reading() as tx:
        stored = str(tx.all(_tables("api_tokens"))) + str(tx.all(_tables("service_accounts")))
    assert not [secret for secret in (bearer, fresh.secret, made.secret) if secret in stored]


def _tables(name: str):
    from portal.storage import metadata

    return metadata.tables[name].select()


EDITS = {
    "moved to another tenant": ("service_accounts", {"tenant": "nordfilm"}, ""),
    "given more rights": ("service_accounts", {"scopes": " ".join(TENANT)}, ""),
    "given a secret of his own": ("service_accounts", {"secret_hash": storage_service.hashed("mine")}, "mine"),
    "made to act for somebody": ("service_accounts", {"member": "somebody"}, ""),
    "a token with more rights": ("api_tokens", {"scopes": " ".join(TENANT)}, ""),
    "a token that never ends": ("api_tokens", {"expires_at": 1e12}, ""),
    "a token of his own": ("api_tokens", {"token_hash": storage_service.hashed("mine")}, "mine"),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_somebody_edits_in_the_database_opens_nothing(house, what):
    made, _ = account(house, scopes=("data:read",))
    bearer = token(house, made)
    name, values, secret = EDITS[what]
    table = _tables(name).get_final_froms()[0]
    whose = table.c.id if name == "service_accounts" else table.c.account
    with house.portal.store.writing() as tx:
        assert tx.run(table.update().where(whose == made.id).values(**values)) == 1
    with caller(house, secret if name == "api_tokens" and secret else bearer) as client:
        problem(client.get("/datasets"), 401, "token_needed")
    if name == "service_accounts":
        asked = {"grant_type": "client_credentials"}
        url = f"{house.url}/api/v1/oauth/token"
        assert httpx2.post(url, data=asked, auth=(made.id, secret or made.secret), trust_env=False).status_code == 401
    _put_away(house, made)


def _put_away(house, made) -> None:
    """An account less of the fifty that a tenant may have."""
    accounts = _tables("service_accounts").get_final_froms()[0]
    with house.portal.store.writing() as tx:
        tx.run(accounts.update().where(accounts.c.id == made.id).values(revoked_at=1.0))


def test_a_revoked_account_is_not_revived_in_the_database(house):
    made, workspace = account(house)
    bearer = token(house, made)
    revoke_service_account(workspace, made.id)
    accounts, tokens = (_tables(name).get_final_froms()[0] for name in ("service_accounts", "api_tokens"))
    with house.portal.store.writing() as tx:
        tx.run(accounts.update().where(accounts.c.id == made.id).values(revoked_at=None))
        tx.run(tokens.update().where(tokens.c.account == made.id).values(revoked_at=None))
    with caller(house, bearer) as client:
        problem(client.get("/datasets"), 401, "token_needed")
    asked = {"grant_type": "client_credentials"}
    url = f"{house.url}/api/v1/oauth/token"
    assert httpx2.post(url, data=asked, auth=(made.id, made.secret), trust_env=False).status_code == 401
    _put_away(house, made)


def test_one_account_cannot_give_back_the_token_of_another(house):
    ours, _ = account(house)
    theirs, _ = account(house, tenant="nordfilm")
    bearer = token(house, ours)
    httpx2.post(
        f"{house.url}/api/v1/oauth/revoke", data={"token": bearer}, auth=(theirs.id, theirs.secret), trust_env=False
    )
    with caller(house, bearer) as client:
        assert client.get("/datasets").status_code == 200


def test_only_an_owner_makes_accounts_for_a_plant_and_nobody_sees_a_secret_again(house):
    made, workspace = account(house)
    listed = service_accounts(workspace)
    assert made.id in {one.id for one in listed}
    assert made.secret not in str(listed)
    for role in (Role.ANALYST, Role.FINANCE_READER, Role.GUEST):
        with pytest.raises(ValueError, match="does not permit"):
            open_service_account(house.portal.workspace(person(house, "huacheng", role)), label="x", scopes=TENANT)
    with pytest.raises(ValueError, match="may do"):
        open_service_account(workspace, label="x", scopes=["disclosures:read"])
    foreign = house.portal.workspace(person(house, "nordfilm", Role.OWNER))
    with pytest.raises(ValueError, match="no such value"):
        revoke_service_account(foreign, made.id)


def test_a_call_without_a_token_is_refused_and_so_is_a_cookie(house):
    anonymous = httpx2.get(f"{house.url}/api/v1/datasets", trust_env=False)
    problem(anonymous, 401, "token_needed")
    browser = house.sign_in("huacheng", "lina")
    problem(browser.get("/api/v1/datasets", headers={"accept": "application/json"}), 401, "token_needed")


# --- records ---------------------------------------------------------------------------------------------------------


def csv_of(rows) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return "\n".join([",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]).encode()


@pytest.mark.parametrize("form", ["json", "ndjson", "csv"])
def test_pushed_rows_become_one_sealed_dataset_that_grows(house, plant, form):
    rows = [STOP, {**STOP, "started_at": "2026-03-02T10:00:00Z", "planned": True}]
    body, media = {
        "json": (json.dumps({"rows": rows}).encode(), "application/json"),
        "ndjson": (b"\n".join(json.dumps(row).encode() for row in rows), "application/x-ndjson"),
        "csv": (csv_of([{**row, "planned": str(row.get("planned", False)).lower()} for row in rows]), "text/csv"),
    }[form]

    def pieces():
        for start in range(0, len(body), 7):
            yield body[start : start + 7]

    first = plant.post(
        f"/stops?source=line-{form}&timezone=Asia/Shanghai", content=pieces(), headers={"content-type": media}
    )
    assert first.status_code == 201, first.text
    assert (first.json()["accepted"], first.json()["rows"]) == (2, 2)
    again = plant.post(f"/stops?source=line-{form}", json=[{**STOP, "station": "capper"}])
    assert again.json()["rows"] == 3
    listed = {one["id"]: one for one in plant.get("/datasets").json()["datasets"]}
    assert first.json()["dataset"] not in listed  # the new version took its place
    kept = listed[again.json()["dataset"]]
    assert (kept["kind"], kept["rows"], kept["facts"]["machines"]) == ("stops", 3, 2)
    assert plant.get(again.headers["location"].removeprefix("/api/v1")).json() == kept
    replaced = plant.post(f"/stops?source=line-{form}&replace=true", json=[STOP])
    assert replaced.json()["rows"] == 1


def test_rows_that_cannot_be_taken_are_named_and_the_others_kept(plant):
    lines = [
        json.dumps(STOP),
        "{",
        json.dumps({**STOP, "started_at": "2026-03-02 08:00"}),
        json.dumps({**STOP, "ended_at": "2026-03-01T08:00:00Z"}),
        json.dumps({"station": "a", "started_at": "2026-03-02T08:00:00Z"}),
        json.dumps({**STOP, "operator_phone": "13812345678", "reason": "call 13812345678"}),
    ]
    answer = plant.post(
        "/stops?source=mixed", content="\n".join(lines), headers={"content-type": "application/x-ndjson"}
    )
    assert answer.status_code == 201
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (2, 4)
    assert [(one["row"], one["code"]) for one in told["problems"]] == [
        (2, "not_json"),
        (3, "not_a_time"),
        (4, "ends_before_start"),
        (5, "missing"),
    ]
    assert told["dropped"] == [{"field": "operator_phone", "reason": "not_needed"}]
    nothing = plant.post("/stops?source=none", content="nope", headers={"content-type": "application/x-ndjson"})
    assert problem(nothing, 422, "no_row_taken")["problems"][0]["row"] == 1


def test_telephone_numbers_in_a_reason_are_never_kept(house, plant):
    answer = plant.post("/stops?source=masked", json=[{**STOP, "reason": "call 13812345678 now"}, STOP])
    workspace = house.portal.workspace(person(house, "huacheng", Role.OWNER))
    assert workspace.columns("dataset", answer.json()["dataset"])["reason"].tolist() == ["call [phone] now", "jam"]


def test_pushed_stops_and_counts_carry_a_baseline(house, plant):
    from portal.actions_study import baseline

    hours = [f"2026-03-0{day}T{hour:02}:00:00Z" for day in range(2, 7) for hour in range(8, 16)]
    counts = [{"station": "filler", "started_at": at, "duration_s": 3600, "made": 100, "good": 98} for at in hours]
    stops = [{**STOP, "started_at": at, "duration_s": 240} for at in hours[::3]]
    assert plant.post("/counts?source=base", json=counts).status_code == 201
    assert plant.post("/stops?source=base", json=stops).status_code == 201
    past = baseline(house.portal.workspace(person(house, "huacheng", Role.OWNER)))
    assert not past["sample"]
    assert past["stations"]


# --- sent again ------------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_are_done_once_and_another_body_is_refused(plant):
    head = {"idempotency-key": "batch-17"}
    first = plant.post("/stops?source=once", json=[STOP], headers=head)
    again = plant.post("/stops?source=once", json=[STOP], headers=head)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    problem(plant.post("/stops?source=once", json=[STOP, STOP], headers=head), 422, "key_reused")
    problem(plant.post("/stops?source=other", json=[STOP], headers=head), 422, "key_reused")
    assert plant.get("/datasets/" + first.json()["dataset"]).json()["rows"] == 1
    problem(plant.post("/stops", json=[STOP], headers={"idempotency-key": "a b"}), 400, "bad_key")


def test_a_key_belongs_to_its_account(house, plant):
    head = {"idempotency-key": "shared"}
    mine = plant.post("/stops?source=k", json=[STOP], headers=head)
    other, _ = account(house, tenant="nordfilm")
    with caller(house, token(house, other)) as client:
        theirs = client.post("/stops?source=k", json=[STOP], headers=head)
    assert theirs.status_code == 201
    assert theirs.json()["dataset"] != mine.json()["dataset"]


def test_calls_at_the_same_time_lose_no_row_and_one_key_counts_once(house):
    made, _ = account(house)
    bearer = token(house, made)
    answers = []

    def push(number: int) -> None:
        with caller(house, bearer) as client:
            while True:
                head = {"idempotency-key": f"k{number // 2}"}
                row = {**STOP, "station": f"m{number // 2}"}
                answer = client.post("/stops?source=crowd", json=[row], headers=head)
                if answer.status_code not in {409, 503}:
                    answers.append(answer.status_code)
                    return

    threads = [threading.Thread(target=push, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 8
    with caller(house, bearer) as client:
        (kept,) = [one for one in client.get("/datasets").json()["datasets"] if one["name"] == "crowd"]
    assert kept["rows"] == 4
    assert kept["facts"]["machines"] == 4


# --- isolation -------------------------------------------------------------------------------------------------------


def test_foreign_and_missing_ids_read_the_same_everywhere(house, plant):
    dataset = plant.post("/stops?source=secret", json=[STOP]).json()["dataset"]
    upload = plant.post(
        "/uploads?name=a.csv", content=b"machine,start,end\na,b,c\n", headers={"content-type": "text/csv"}
    ).json()["upload"]
    other, _ = account(house, tenant="nordfilm")
    with caller(house, token(house, other)) as client:
        for way in ("/datasets/{}", "/uploads/{}", "/studies/{}", "/studies/{}/result"):
            answers = [client.get(way.format(key)) for key in (dataset, upload, "0" * 32, "x")]
            assert {answer.status_code for answer in answers} == {404}
            assert len({answer.text for answer in answers}) == 1
        assert client.post(f"/uploads/{upload}/dataset", json={}).status_code == 404
        assert client.post(f"/studies/{dataset}/cancel").status_code == 404
        assert dataset not in client.get("/datasets").text


def test_a_plants_program_reads_no_feed_and_a_reps_program_nothing_else(house, plant):
    problem(plant.get("/disclosures"), 403, "scope_missing")
    made, _ = account(house, tenant="vendor", scopes=("disclosures:read",), role=Role.REP)
    bearer = token(house, made)
    with caller(house, bearer) as client:
        assert client.get("/disclosures").json() == {"disclosures": []}
        problem(client.get("/datasets"), 403, "scope_missing")
    rep = person(house, "vendor", Role.REP)
    with house.portal.store.writing() as tx:
        storage_accounts.set_member_active(tx, rep.id, active=False)
    with caller(house, bearer) as client:
        assert client.get("/disclosures").status_code == 401
    with house.portal.store.writing() as tx:
        storage_accounts.set_member_active(tx, rep.id, active=True)


# --- files and studies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["bytes", "form"])
def test_a_file_is_uploaded_read_and_confirmed(plant, form):
    data = "设备名称,开始时间,结束时间,停机原因\n冲压,2026-01-05 08:00,2026-01-05 08:10,卡料\n".encode("gb18030")
    if form == "form":
        sent = plant.post("/uploads", files={"file": ("停机.csv", data, "text/csv")})
    else:
        sent = plant.post("/uploads", params={"name": "停机.csv"}, content=data, headers={"content-type": "text/csv"})
    assert sent.status_code == 201, sent.text
    upload = sent.json()["upload"]
    assert upload in plant.get("/uploads").text
    reading = plant.get(f"/uploads/{upload}?timezone=Asia/Shanghai").json()
    assert reading["tables"][0]["kind"] == "stops"
    kept = plant.post(f"/uploads/{upload}/dataset", json={"timezone": "Asia/Shanghai"})
    assert kept.status_code == 201, kept.text
    assert kept.json()["rows"] == 1
    assert plant.get(f"/uploads/{upload}").status_code == 404


def test_a_study_is_started_followed_and_its_result_fetched(house, plant):
    from portal.actions_packs import open_pack
    from portal.actions_study import plan_scenario, use_line_template
    from portal.catalogue import lines_on_offer
    from portal.runner import Worker

    workspace = house.portal.workspace(person(house, "huacheng", Role.OWNER))
    use_line_template(workspace, next(iter(lines_on_offer())))
    planned = plan_scenario(workspace, name="quick", modules=[{"id": open_pack(workspace)["modules"][0]["id"]}])
    assert planned.id in {one["id"] for one in plant.get("/scenarios").json()["scenarios"]}
    wish = {"scenarios": [planned.id], "months": 2, "draws": 4, "seed": 3}
    started = plant.post("/studies", json=wish, headers={"idempotency-key": "study-1"})
    assert started.status_code == 202, started.text
    assert plant.post("/studies", json=wish, headers={"idempotency-key": "study-1"}).json() == started.json()
    way = started.headers["location"].removeprefix("/api/v1")
    assert plant.get(way).json()["state"] == "queued"
    problem(plant.get(f"{way}/result"), 409, "not_finished")
    worker = Worker(house.portal)
    while worker.once():
        pass
    assert plant.get(way).json()["state"] == "done"
    found = plant.get(f"{way}/result").json()
    assert {one["record"] for one in found["scenarios"]} >= {planned.id}
    assert found["draws"] == 4


# --- limits, audit, document -----------------------------------------------------------------------------------------


def test_a_tenant_that_calls_too_often_is_told_when_to_come_back(house, plant):
    house.gate.buckets._levels["api-tenant:huacheng"] = (-5.0, time.monotonic())
    answer = plant.get("/datasets")
    problem(answer, 429, "too_often")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("path", "body", "media", "status", "code"),
    [
        ("/stops", b"x" * 70_000, "application/x-ndjson", 413, "row_too_long"),
        ("/stops", b'station,started_at\n"' + b"a\n" * 40_000, "text/csv", 413, "row_too_long"),
        ("/stops", b'station,started_at\n"a', "text/csv", 422, "unclosed_quote"),
        ("/stops", b"station,station\na,b\n", "text/csv", 422, "no_header"),
        ("/stops", b"station\n\xff\n", "text/csv", 422, "body_not_utf8"),
        ("/stops", b"[" * 100_000, "application/json", 422, "body_not_json"),
        ("/stops", b"[]", "application/json", 422, "no_row_list"),
        ("/stops", b"<a/>", "text/xml", 415, "media_type"),
        ("/stops?source=a/b", b"[]", "application/json", 422, "bad_call"),
        ("/stops?timezone=Mars/Base", json.dumps([STOP]).encode(), "application/json", 422, "bad_call"),
        ("/stops?unknown=1", b"[]", "application/json", 422, "bad_call"),
        ("/stops?replace=maybe", b"[]", "application/json", 422, "bad_call"),
        ("/studies", b'{"months": 0}', "application/json", 422, "bad_call"),
        ("/studies", b'{"draws": NaN}', "application/json", 422, "bad_call"),
        ("/studies", b"{", "application/json", 400, "body_not_json"),
        ("/studies", b'{"other": 1}', "application/json", 422, "bad_call"),
        ("/uploads", b" ", "text/csv", 422, "file_empty"),
    ],
)
def test_what_does_not_fit_is_refused_and_said(plant, path, body, media, status, code):
    problem(plant.post(path, content=body, headers={"content-type": media}), status, code)


def test_a_body_beyond_the_limit_is_cut_off_while_it_comes(plant):
    def endless():
        for _ in range(400):
            yield (json.dumps(STOP) + "\n").encode() * 100

    try:
        answer = plant.post("/stops?source=big", content=endless(), headers={"content-type": "application/x-ndjson"})
    except httpx2.WriteError:  # the connection is closed before everything is sent
        return
    problem(answer, 413, "too_large")


def test_every_call_of_a_program_is_in_the_log_under_its_account(house):
    made, workspace = account(house)
    bearer = token(house, made)
    with caller(house, bearer) as client:
        for _ in range(3):
            client.get("/datasets")
        client.get("/datasets/" + "0" * 32)
        client.get("/datasets?x=1")
        client.get("/disclosures")
    httpx2.post(
        f"{house.url}/api/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(made.id, "wrong"),
        trust_env=False,
    )
    entries = [one for one in access_log(workspace) if one.action in {"datasets", "api_call"}]
    assert "MES" in {one.who for one in entries}  # a program is called as its owner called it
    assert sum(one.action == "datasets" for one in entries) >= 4
    assert {one.reason for one in entries if one.action == "api_call"} >= {
        "list_datasets: bad_call",
        "read_disclosures: scope_missing",
    }
    issued = [one for one in access_log(workspace) if one.action == "issue_token"]
    assert {one.decision for one in issued} == {"allowed", "refused"}


def test_the_document_describes_every_call_and_needs_no_token(house):
    document = httpx2.get(f"{house.url}/api/v1/openapi.json", trust_env=False).json()
    assert document["openapi"] == "3.1.0"
    assert {"/api/v1/stops", "/api/v1/counts", "/api/v1/studies", "/api/v1/disclosures"} <= document["paths"].keys()
    for path in document["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                for content in answer["content"].values():
                    if "$ref" not in content["schema"]:
                        Draft202012Validator.check_schema(content["schema"])


def test_a_wrong_method_is_told_which_ones_there_are(plant):
    answer = plant.delete("/datasets")
    problem(answer, 405, "wrong_method")
    assert "GET" in answer.headers["allow"]


# --- the check of rows and the published schema say the same ----------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**14),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["2026-03-02T08:00:00Z", "2026-03-02T09:30:00.5+08:00", "2026-03-02 08:00", "", " ", "jam"]),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_row_is_taken_exactly_when_it_fits_the_schema(kind, data):
    about = KINDS[kind]
    good = {"station": "a", "started_at": "2026-03-02T08:00:00Z", "ended_at": "2026-03-02T10:00:00Z", "made": 4}
    row = {**good, **data.draw(st.dictionaries(st.sampled_from([cell.name for cell in about.cells]), VALUES))}
    for name in data.draw(st.sets(st.sampled_from(sorted(good)), max_size=2)):
        row.pop(name, None)
    rows = Rows(kind=about)
    rows.add(row)
    fits = Draft202012Validator(about.schema()).is_valid(row)
    if rows.problems and rows.problems[0]["code"] == "ends_before_start":
        assert fits
    else:
        assert bool(rows.accepted) == fits, (row, rows.problems)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50), st.sampled_from([NdjsonReader, CsvReader, JsonReader]))
def test_any_bytes_in_any_pieces_are_read_or_refused(body, size, reader):
    rows = Rows(kind=KINDS["stops"])
    reading = reader(rows)
    try:
        for start in range(0, len(body), size):
            reading.feed(body[start : start + size])
        reading.end()
    except BodyError as error:
        assert error.code
    assert rows.accepted + rows.rejected == rows.read


def test_records_keep_their_quoted_line_ends():
    rows = Rows(kind=KINDS["stops"])
    reading = CsvReader(rows)
    body = 'station,started_at,duration_s,reason\r\na,2026-03-02T08:00:00Z,5,"two\nlines, ""quoted"""\r\n'
    for sign in body.encode("utf-8-sig"):
        reading.feed(bytes([sign]))
    reading.end()
    assert rows.columns()[0]["reason"].tolist() == ['two\nlines, "quoted"']


def test_the_client_of_the_documentation_pushes_and_reads(house):
    text = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    world: dict = {}
    exec(text.split("```python\n")[1].split("```")[0], world)  # the file as its readers copy it
    made, _ = account(house)
    portal = world["Portal"](house.url, made.id, made.secret)
    told = portal.push("stops", [STOP, {**STOP, "started_at": "yesterday"}], "documented")
    assert (told["accepted"], told["rejected"]) == (1, 1)
    assert portal.call("GET", "/datasets")["datasets"][0]["name"] == "documented"
    with pytest.raises(RuntimeError, match="no_row_taken"):
        portal.push("stops", [{}], "documented")


def test_a_workspace_that_is_locked_with_its_own_key_answers_423(house, plant):
    from portal import actions_custody, custody
    from portal.rooms import data_keys_of

    workspace, words = house.portal.workspace(person(house, "huacheng", Role.OWNER)), "seventeen green umbrellas sing"
    actions_custody.take_key(workspace, passphrase=words, again=words)
    try:
        custody.forget(data_keys_of(house.portal.store, house.portal.keys), "huacheng")
        kept = {"content": b"a,b\n1,2\n", "headers": {"content-type": "text/csv"}}
        problem(plant.post("/uploads", params={"name": "a.csv"}, **kept), 423, "tenant_locked")
        problem(plant.get("/scenarios"), 423, "tenant_locked")
    finally:
        actions_custody.give_key_back(workspace, passphrase=words)
