"""Tenants' rows are kept apart by the database itself, on a real PostgreSQL; SQLite passes what does not need roles."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal import (
    actions_admin,
    actions_audit,
    actions_data,
    actions_links,
    actions_people,
    actions_release,
    actions_value,
    backups,
    sessions,
    storage_accounts,
    storage_runs,
    storage_schema,
    wiring,
)
from portal.identity import TENANT_ROLES, VENDOR, Member, Profile, Role, Tenant
from portal.rooms import data_keys_of
from portal.storage import EVERYBODY, FolderBlobs, Store, create_engine, metadata, new_id, records, within
from portal.storage_isolation import APPEND_ONLY, HOUSE_ONLY, ROLE, WITH_VENDOR, isolated
from portal.storage_schema import installation, prepare
from portal.strongbox import sealed_names
from portal.wiring import utc_now
from portal.workspace import MissingError, Workspace
from privacy import archive

TENANTS = ("north", "south")
FROZEN = Path(__file__).parents[1] / "data" / "installation_0.1.0.tar.xz"


class Town:
    """The installation that was frozen with 0.1.0, brought here by backup and restore, and a second tenant."""

    def __init__(self, store: Store, folder: Path) -> None:
        with tarfile.open(FROZEN) as tar:
            tar.extractall(folder, filter="data")
        for path in (folder / "keys", *(folder / "keys").iterdir()):
            path.chmod(0o700 if path.is_dir() else 0o600)
        before = wiring.build(wiring.read_settings({}, data=folder / "data", keys=str(folder / "keys")))
        secret, sealed = archive.new_backup_key(), io.BytesIO()
        data_keys = data_keys_of(before.store, before.keys)
        told = {"at": utc_now(), "product": "0", "schema": storage_schema.VERSION}
        backups.back_up(before.store, data_keys, sealed, recipient=archive.recipient_of(secret), **told)
        before.store.close()
        self.store, self.keys = store, before.keys
        schema = storage_schema.VERSION
        found = backups.inspect(sealed, secret=secret, keys=self.keys, at=utc_now(), schema=schema, witness=None)
        backups.restore(sealed, found, secret=secret, store=store, keys=self.keys, at=utc_now())
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        with store.writing() as tx:
            storage_accounts.seal_names(store, sealed_names(data_keys_of(store, self.keys), at=utc_now(), tx=tx))
            storage_accounts.add_tenant(tx, Tenant(id="south", name="South"), now=utc_now())
        self.keys.create_key("south", at=utc_now())
        self.people: dict[tuple[str, Role], Member] = {}
        self.values = {"north": next(iter(expected["datasets"])), "south": self._work()}

    def as_(self, role: Role, tenant: str = "") -> Workspace:
        home = tenant or ("north" if role in TENANT_ROLES else VENDOR)
        if (home, role) not in self.people:
            profile = Profile(
                tenant=home, role=role, subject=f"{role}-1", name="Li", email=f"{role}@{home}.example", provider=home
            )
            with self.store.writing() as tx:
                member = storage_accounts.admit(tx, profile, language="en", now=utc_now())
                hour = timedelta(hours=1)
                sessions.open_session(tx, member, idle=hour, absolute=hour, now=utc_now())
            self.people[home, role] = member
        return Workspace(self.people[home, role], self.store, self.keys, utc_now)

    def _work(self) -> str:
        """The morning of an owner: rows come in, inputs, a colleague, a mail."""
        owner = self.as_(Role.OWNER, "south")
        upload = actions_data.paste_rows(
            owner, "machine,start,end,reason\npress,2026-01-05 08:00,2026-01-05 08:10,jam\n"
        )
        table = actions_data.read_upload(owner, upload, kind="stops")["tables"][0]
        mapping = {column["header"]: column["field"] for column in table["columns"] if column["field"]}
        view = actions_data.upload_dataset(owner, upload, mapping=mapping, kind="stops")
        actions_data.paste_rows(owner, "a,b\n1,2\n")
        actions_value.set_inputs(owner, {"hourly_cost": {"value": 90, "reason": "payroll"}})
        actions_people.invite_colleague(
            owner, email="c@south.example", role=Role.ANALYST, name="C", origin="https://portal.example"
        )
        return view.id


def empty(url: str, folder: Path) -> Store:
    store = Store(create_engine(url), FolderBlobs(folder / "blobs"), witness=folder / "witness.txt")
    prepare(store)
    isolated(store)
    store.create()
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    fresh = request.getfixturevalue("fresh_database")
    store = empty(f"sqlite:///{tmp_path / 'test.sqlite3'}" if request.param == "sqlite" else fresh(), tmp_path)
    yield Town(store, tmp_path)
    store.close()


@pytest.fixture(scope="module")
def real(fresh_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """On PostgreSQL alone; its tests change nothing."""
    folder = tmp_path_factory.mktemp("real")
    store = empty(fresh_database(), folder)
    yield Town(store, folder)
    store.close()


def rows(town: Town, table: str, scope: str) -> list[dict[str, Any]]:
    """What a query without any `where` meets."""
    with within(scope), town.store.reading() as tx:
        return tx.all(sa.select(metadata.tables[table]))


def owner_column(table: sa.Table) -> str | None:
    return "id" if table.name == "tenants" else "tenant" if "tenant" in table.columns else None


def test_members_work_alike_on_every_database_and_meet_only_their_own(town) -> None:
    for name in TENANTS:
        owner, other = town.as_(Role.OWNER, name), town.values[TENANTS[name == "north"]]
        assert town.values[name] in {view.id for view in actions_data.datasets(owner)}
        assert owner.columns("dataset", town.values[name])
        for wanted in (other, new_id()):
            with pytest.raises(MissingError):
                owner.get("dataset", wanted)
    owner = town.as_(Role.OWNER)
    assert actions_value.appraise(owner, claims=True)["outputs"]
    assert len(actions_links.sales_feed(town.as_(Role.REP))) == 1
    (consent,) = actions_release.consents(owner)
    actions_release.withdraw_consent(owner, consent.id)
    assert len(actions_links.sales_feed(town.as_(Role.REP))) == 0
    with town.store.writing() as tx:
        claimed = storage_runs.claim(tx, worker="w", at=utc_now().timestamp(), lease=1.0)
    assert claimed is not None
    actions_data.remove_dataset(owner, town.values["north"])
    proof = actions_audit.verify_log(town.as_(Role.COMPLIANCE_OFFICER))
    assert (proof["passed"], proof["differences"]) == (True, [])


def test_an_administrator_still_closes_a_tenant(town) -> None:
    actions_admin.close_tenant(town.as_(Role.SYSTEM_ADMIN), "south", confirm="South")
    assert [row for row in rows(town, "records", EVERYBODY) if row["tenant"] == "south"] == []
    assert actions_data.datasets(town.as_(Role.OWNER, "north"))


@pytest.mark.parametrize("scope", TENANTS)
def test_a_query_without_a_where_meets_only_the_tenants_rows(real, scope) -> None:
    seen = 0
    for table in metadata.sorted_tables:
        column = owner_column(table)
        found = rows(real, table.name, scope)
        if column is None:
            assert table.name not in HOUSE_ONLY or found == []
            continue
        allowed = {scope, VENDOR} if table.name in WITH_VENDOR else {scope}
        assert {row[column] for row in found} <= allowed, table.name
        everything = rows(real, table.name, EVERYBODY)
        assert len(found) == len([row for row in everything if row[column] in allowed]), table.name
        seen += len(found) < len(everything)
    assert seen >= 6


def test_without_a_name_nothing_is_seen(real) -> None:
    for table in metadata.sorted_tables:
        if owner_column(table) is not None or table.name in HOUSE_ONLY:
            assert rows(real, table.name, "") == [], table.name


def test_every_table_of_a_tenant_is_isolated(real) -> None:
    """A table that somebody adds is isolated without being named anywhere."""
    with real.store.owning() as tx:
        found = {
            row["relname"]: (row["relrowsecurity"], row["relforcerowsecurity"])
            for row in tx.all(sa.text("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"))
        }
    for table in metadata.sorted_tables:
        if owner_column(table) is not None or table.name in HOUSE_ONLY:
            assert found[table.name] == (True, True), table.name


def test_rows_of_another_tenant_are_neither_changed_removed_nor_added(real) -> None:
    (row,) = [row for row in rows(real, "records", EVERYBODY) if row["id"] == real.values["south"]]
    count = len(rows(real, "records", "north"))
    with pytest.raises(ZeroDivisionError), within("north"), real.store.writing() as tx:
        assert tx.run(sa.update(records).values(author="x")) == count
        assert tx.run(sa.delete(records)) == count
        raise ZeroDivisionError
    with within("north"), real.store.writing() as tx:
        assert tx.run(sa.delete(records).where(records.c.tenant == "south")) == 0
    assert rows(real, "records", "south") == [
        one for one in rows(real, "records", EVERYBODY) if one["tenant"] == "south"
    ]
    for forged in ({**row, "id": new_id()}, {**row, "id": new_id(), "tenant": VENDOR}):
        refused = pytest.raises(sa.exc.ProgrammingError, match="row-level security")
        with refused, within("north"), real.store.writing() as tx:
            tx.run(sa.insert(records).values(**forged))
    with pytest.raises(sa.exc.ProgrammingError, match="row-level"), within("north"), real.store.writing() as tx:
        tx.run(sa.update(records).values(tenant="south"))


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET at = 0", "TRUNCATE {}"])
def test_the_log_can_only_grow(real, table, change) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), real.store.writing() as tx:
        tx.connection.exec_driver_sql(change.format(table))


@pytest.mark.parametrize(
    "change", ["DROP TABLE audit", "ALTER TABLE records DISABLE ROW LEVEL SECURITY", "DROP POLICY own ON records"]
)
def test_the_role_owns_nothing(real, change) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="must be owner"), real.store.writing() as tx:
        tx.connection.exec_driver_sql(change)
    with real.store.reading() as tx:
        (role,) = tx.all(
            sa.text("SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user")
        )
        assert tx.all(sa.text("SELECT current_user AS name")) == [{"name": ROLE}]
    assert role == {"rolsuper": False, "rolbypassrls": False, "rolcanlogin": False}


def test_the_tenant_of_one_transaction_is_forgotten_with_it(real) -> None:
    """Connections are shared: what one transaction says must not reach the next one on the same connection."""
    engine = real.store.engine
    for tenant in TENANTS:
        with within(tenant), real.store.reading():
            pass
    for _ in range(4):
        with engine.connect() as connection, connection.begin():
            name = connection.exec_driver_sql("SELECT current_setting('mingsuan.tenant', true)").scalar()
            assert name in {None, ""}


def test_a_refused_insert_does_not_tell_whether_an_id_is_taken(real) -> None:
    """A duplicate key would say that another tenant has it; the policy is asked first."""
    (row,) = [row for row in rows(real, "records", EVERYBODY) if row["id"] == real.values["south"]]
    words = []
    for key in (row["id"], new_id()):
        with pytest.raises(sa.exc.ProgrammingError) as refused, within("north"), real.store.writing() as tx:
            tx.run(sa.insert(records).values(**{**row, "id": key}))
        words.append(str(refused.value.orig).split("\n")[0])
    assert words[0] == words[1]


def test_isolation_is_made_once(real) -> None:
    def stamp() -> Any:
        with real.store.owning() as tx:
            return tx.all(sa.text("SELECT xmin::text AS xmin FROM installation WHERE name = 'isolation'"))

    before = stamp()
    isolated(real.store)
    assert stamp() == before
    with real.store.owning() as tx:
        tx.run(sa.update(installation).where(installation.c.name == "isolation").values(value="older"))
        tx.connection.exec_driver_sql("ALTER TABLE records NO FORCE ROW LEVEL SECURITY")
    isolated(real.store)
    test_every_table_of_a_tenant_is_isolated(real)


def test_a_login_that_owns_nothing_is_enough_once_the_tables_are_there(real) -> None:
    with real.store.owning() as tx:
        tx.connection.exec_driver_sql("DROP ROLE IF EXISTS portal_login")
        tx.connection.exec_driver_sql(f"CREATE ROLE portal_login LOGIN IN ROLE {ROLE}")
    url = real.store.engine.url.set(username="portal_login", drivername="postgresql")
    store = empty(url.render_as_string(hide_password=False), Path(real.store.blobs.folder.parent))
    with within("north"), store.reading() as tx:
        assert {row["tenant"] for row in tx.all(sa.select(records.c.tenant))} == {"north"}
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), store.owning() as tx:
        tx.connection.exec_driver_sql("DELETE FROM audit")
    store.close()
