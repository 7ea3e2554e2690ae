"""Every action and every route, asked by another tenant with the ids of this one: found by listing them, so that a new
one is asked too."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

import portal
from portal import actions_checks, actions_data, actions_links, actions_study, actions_value, sessions
from portal.actions import ACTIONS
from portal.identity import TENANT_ROLES, VENDOR, Member, Provider, Role
from portal.kept import KEPT
from portal.storage import EVERYBODY, metadata, new_id, within
from portal.wiring import utc_now
from tests.canary import CANARY

for _module in pkgutil.iter_modules(portal.__path__):
    if _module.name.startswith("actions_"):
        importlib.import_module(f"portal.{_module.name}")

MARKER = CANARY
"""Is in everything that the first tenant named, and nowhere else."""

NEEDS_AN_ADMINISTRATOR = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})
"""Who may act on a tenant by its id, without ever seeing a value (asked below, but allowed to change its state)."""

CHANGES_A_TENANT = frozenset(
    {
        "suspend_tenant", "resume_tenant", "close_tenant", "remove_provider", "register_provider", "rotate_keys",
        "retire_keys", "destroy_keys", "break_glass", "sign_in", "sign_out",
    }
)  # fmt: skip


@dataclass
class Town:
    installation: Any
    ids: list[str]  # of everything the first tenant has
    before: dict[str, list[tuple[Any, ...]]]


def rows_of(installation: Any, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a tenant, but the log: refusals are written there."""
    found = {}
    with installation.store.reading() as tx:
        for table in metadata.sorted_tables:
            owner = "id" if table.name == "tenants" else "tenant"
            if owner in table.columns and table.name != "audit":
                query = sa.select(table).where(table.columns[owner] == tenant).order_by(*table.primary_key)
                found[table.name] = [tuple(row.values()) for row in tx.all(query)]
    return found


@pytest.fixture(scope="module")
def town(tmp_path_factory: Any, plant: Any) -> Iterator[Town]:
    made = plant.install(tmp_path_factory.mktemp("town"))
    owner = made.as_(Role.OWNER)
    plant.upload(owner, MARKER, weeks=3)
    actions_study.baseline(owner)
    actions_study.fit_line(owner)
    actions_value.set_inputs(owner, {"hourly_cost": {"value": 90, "reason": MARKER}})
    control = actions_checks.assess(owner)["controls"][0]["id"]
    actions_checks.answer_control(owner, control=control, status="partly", reason=MARKER)
    actions_checks.attach_evidence(owner, control=control, data=MARKER.encode(), name=f"{MARKER}.txt")
    upload = actions_data.paste_rows(owner, f"a,b\n{MARKER},2\n", name=MARKER)
    actions_data.read_upload(owner, upload)
    with made.store.writing() as tx:
        from portal.materials import queue

        queue(owner, "study", upload)
        owner.flush(tx)
    owner.done()
    other = made.as_(Role.OWNER, "south")
    actions_data.paste_rows(other, "a,b\n1,2\n")
    actions_links.invite(made.as_(Role.REP), label="Acme")
    before = rows_of(made, "north")
    kinds: dict[str, str] = {}
    with made.store.reading() as tx:
        for row in tx.all(sa.text("SELECT id, kind FROM records WHERE tenant = 'north'")):
            kinds[row["kind"]] = row["id"]
        runs = [row["id"] for row in tx.all(sa.text("SELECT id FROM runs WHERE tenant = 'north'"))]
    assert len(kinds) > 8
    yield Town(installation=made, ids=["north", owner.member.id, *kinds.values(), *runs], before=before)
    made.store.close()


def value_for(annotation: str, name: str, key: str) -> Any:
    """Something of a parameter's type; where it takes a text, the id."""
    plain: dict[str, Callable[[], Any]] = {
        "str": lambda: key,
        "str | None": lambda: key,
        "int": lambda: 1,
        "int | None": lambda: 1,
        "float": lambda: 1.0,
        "float | None": lambda: 1.0,
        "bool": lambda: True,
        "bytes": lambda: b"a,b\n1,2\n",
        "datetime": lambda: utc_now() + timedelta(days=1),
        "Role": lambda: Role.ANALYST,
        "BinaryIO": io.BytesIO,
        "Provider": lambda: Provider(id=key, tenant=key, title="x", issuer="https://x.example", client_id="x"),
        "Mapping[str, NDArray[Any]]": lambda: {key: np.array([1.0])},
    }
    if annotation == "Words":
        return "seventeen green umbrellas sing"
    if annotation in plain:
        return plain[annotation]()
    if annotation.startswith(("Mapping", "dict")):
        return {key: key, "id": key, "record": key}
    if annotation.startswith(("Sequence[str", "Collection[str", "Iterable[str", "tuple[str", "list[str")):
        return [key]
    if annotation.startswith("Sequence[float"):
        return [0.1]
    if annotation.startswith(("Sequence", "tuple", "list")):
        return [{"id": key, "record": key}]
    raise AssertionError(f"say in value_for what a {annotation!r} is (parameter {name!r})")


def calls(name: str, key: str) -> Iterator[dict[str, Any]]:
    """Arguments for an action: the required ones, and those with every text filled in."""
    function = getattr(importlib.import_module(ACTIONS[name].module), name)
    given = list(inspect.signature(function).parameters.values())[1:]
    required = {one.name: value_for(str(one.annotation), one.name, key) for one in given if one.default is one.empty}
    yield required
    texts = {one.name: key for one in given if one.default is not one.empty and str(one.annotation).startswith("str")}
    if texts:
        yield {**required, **texts}


def shown(value: Any, depth: int = 0) -> str:
    """Everything that an answer holds, as one text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if is_dataclass(value) and not isinstance(value, type):
        return " ".join(shown(getattr(value, one), depth + 1) for one in value.__dataclass_fields__)
    if isinstance(value, dict):
        return " ".join(f"{shown(key, depth + 1)} {shown(one, depth + 1)}" for key, one in value.items())
    if isinstance(value, list | tuple | set):
        return " ".join(shown(one, depth + 1) for one in value)
    return repr(value)


def asked(town: Town, name: str, role: Role, tenant: str) -> Iterator[tuple[str, Any]]:
    """The answers (or errors) of an action, asked with each id of the first tenant."""
    function = getattr(importlib.import_module(ACTIONS[name].module), name)
    takes = list(inspect.signature(function).parameters.values())[1:]
    keys = town.ids if any(str(one.annotation).startswith(("str", "Seq", "Map")) for one in takes) else town.ids[:1]
    for key in keys:
        for arguments in calls(name, key):
            try:
                answer = function(town.installation.as_(role, tenant, who="stranger"), **arguments)
            except Exception as error:  # noqa: BLE001
                answer = error
            yield key, answer


def strangers(name: str) -> list[tuple[Role, str]]:
    """In which roles another tenant and the vendor may call an action."""
    needs = ACTIONS[name].needs
    ours = [role for role in (Role.OWNER, Role.ANALYST, Role.FINANCE_READER, Role.GUEST) if role in needs][:1]
    theirs = sorted(needs - TENANT_ROLES, key=str)
    return [(role, "south") for role in ours] + [(role, VENDOR) for role in theirs]


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_no_action_lets_a_stranger_at_a_tenants_values(town, name) -> None:
    KEPT.drop("south")
    for role, home in strangers(name):
        if role in NEEDS_AN_ADMINISTRATOR and name in CHANGES_A_TENANT:
            continue  # it acts on tenants by their ids; see the next test
        for key, answer in asked(town, name, role, home):
            words = shown(answer) if not isinstance(answer, Exception) else f"{answer} {vars(answer)}"
            assert MARKER not in words, (name, role, key)
    assert rows_of(town.installation, "north") == town.before, name


def test_every_refusal_of_a_foreign_id_reads_like_one_of_a_missing_id(town) -> None:
    """For every action that takes one id and nothing else that could be wrong."""
    compared = 0
    for name in sorted(ACTIONS):
        function = getattr(importlib.import_module(ACTIONS[name].module), name)
        given = list(inspect.signature(function).parameters.values())[1:]
        needed = [one for one in given if one.default is one.empty]
        if Role.OWNER not in ACTIONS[name].needs or [str(one.annotation) for one in needed] != ["str"]:
            continue

        def refusal(key: str, function: Any = function, name: str = needed[0].name) -> tuple[str, str]:
            try:
                function(town.installation.as_(Role.OWNER, "south", who="stranger"), **{name: key})
            except Exception as error:  # noqa: BLE001
                words = f"{error} {getattr(error, 'place', '')} {getattr(error, 'params', '')}"
                return type(error).__name__, words.replace(key, "ID")
            return "answered", ""

        missing = refusal(new_id())
        assert {refusal(key) for key in town.ids if re.fullmatch("[0-9a-f]{32}", key)} == {missing}, name
        compared += missing[0] != "answered"
    assert compared >= 8


def test_administrators_act_on_tenants_and_see_no_value(town) -> None:
    """Last of the module: it suspends, closes and rotates."""
    for name in sorted(CHANGES_A_TENANT & ACTIONS.keys()):
        for role, home in strangers(name):
            for key, answer in asked(town, name, role, home):
                assert MARKER not in shown(answer), (name, role, key)


# --- the routes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def neighbours(house: Any) -> Iterator[tuple[Any, Any, Any, list[str], str]]:
    """A running portal with a signed-in person of each tenant; the ids that the first one has there."""
    lina, anna = house.sign_in("huacheng", "lina"), house.sign_in("nordfilm", "anna")
    house.clients.clear()  # they outlive one test
    with house.portal.store.reading() as tx:
        row = tx.all(sa.select(sessions.sessions).where(sessions.sessions.c.tenant == "huacheng"))[0]
        session = sessions.session_by_id(tx, row["id"], now=house.portal.now())
    assert session is not None
    workspace = house.portal.workspace(session.member)
    upload = actions_data.paste_rows(workspace, f"a,b\n{MARKER},2\n", name=MARKER)
    actions_value.set_inputs(workspace, {"hourly_cost": {"value": 90, "reason": MARKER}})
    with within(EVERYBODY), house.portal.store.reading() as tx:
        found = tx.all(sa.text("SELECT id FROM records WHERE tenant = 'huacheng'"))
    yield house, lina, anna, [upload, session.id, session.member.id, *(one["id"] for one in found)], MARKER
    for client in (lina, anna):
        client.close()


def paths(house: Any) -> list[tuple[str, str]]:
    """Every path of the portal's own routes with each of its methods."""

    def walk(routes: Any, above: str = "") -> Iterator[tuple[str, str]]:
        for route in routes:
            path = above + getattr(route, "path", "")
            if getattr(route, "routes", None):
                yield from walk(route.routes, path)
            for method in sorted(getattr(route, "methods", None) or ()):
                yield path, method

    found = list(walk(house.gate.site.routes))
    assert len(found) > 30
    return found


def test_no_route_tells_a_neighbour_anything(neighbours) -> None:
    house, _, anna, ids, marker = neighbours
    origin = {"origin": house.url, "accept": "*/*"}
    for path, method in paths(house):
        if path.startswith(("/auth/sign-out", "/idp/")):
            continue
        for key in (*ids[:6], new_id()):
            house.gate.buckets.clear()
            target = re.sub(r"\{[^}]*\}", key, path)
            query = dict.fromkeys(("id", "dataset", "upload", "run", "of", "kind", "scenario", "next"), key)
            answer = anna.request(method, target, params=query, headers=origin, content=b"a,b\n1,2\n" if method in {"PUT", "POST"} else None)  # fmt: skip
            assert marker not in answer.text, (method, path)
            assert answer.status_code < 500, (method, path, answer.text[:200])
    assert anna.get("/auth/alive").status_code == 204


def test_no_route_is_open_to_a_stranger_but_those_that_say_so(neighbours) -> None:
    from portal.ways import Access, way_of

    house, *_ = neighbours
    stranger = house.client(accept="*/*")
    for path, method in paths(house):
        if path.startswith("/idp/"):  # the demo's provider
            continue
        target = re.sub(r"\{[^}]*\}", "0" * 32, path)
        way = way_of(target)
        house.gate.buckets.clear()
        answer = stranger.request(method, target, headers={"origin": house.url})
        if way.access in {Access.SESSION, Access.SHUT}:
            assert answer.status_code in {401, 404}, (method, path)
        elif way.access is Access.TOKEN and "token" not in path and not path.endswith((".json", "revoke")):
            proved_by_its_body = path == "/auth/backchannel-logout"  # by a signed token, which is not there
            assert answer.status_code in ({400, 405} if proved_by_its_body else {401, 405}), (method, path)
        assert answer.status_code < 500, (method, path)


def test_a_session_of_one_tenant_never_becomes_one_of_another(neighbours) -> None:
    house, _, anna, ids, _ = neighbours
    for header in ({"x-portal-sid": ids[1]}, {"cookie": f"mingsuan={ids[1]}"}, {"x-portal-tenant": "huacheng"}):
        with house.client(accept="*/*") as stranger:
            told = stranger.get("/_stcore/health", headers=header)
            assert told.status_code == 401
    told = anna.get("/_stcore/health", headers={"x-portal-sid": ids[1]}).json()
    assert told["x-portal-sid"] != ids[1]
    assert isinstance(Member, type)
