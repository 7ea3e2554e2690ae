"""The demo's world: two tenants and the vendor, their people, and sample data for the first tenant."""

from __future__ import annotations

import logging

from starlette.routing import BaseRoute

from portal import storage_accounts
from portal.demo_idp import REALMS, DemoProvider, Person, Realm
from portal.demo_seed import seed_workspace
from portal.identity import Member, Profile, Provider, Role, Tenant
from portal.strongbox import PROVIDER
from portal.text import DEFAULT_LANGUAGE
from portal.wiring import Portal
from privacy.keys import KeyUnavailable

log = logging.getLogger("mingsuan.demo")


def demo_routes(provider: DemoProvider) -> list[BaseRoute]:
    return list(provider.routes())


def seed(portal: Portal) -> DemoProvider:
    """Make sure that the tenants, their keys, providers and people exist; give the first tenant its sample once."""
    provider = DemoProvider(origin=portal.settings.origin)
    for place, realm in enumerate(REALMS):
        new = _tenant(portal, realm)
        _provider(portal, provider, realm)
        if new and place == 0:
            _sample(portal, realm)
        if new:
            for person in realm.people:
                if person.role is Role.REP:  # so that a result can be released to him
                    _admit(portal, realm, person)
    return provider


def _tenant(portal: Portal, realm: Realm) -> bool:
    with portal.store.writing() as tx:
        known = storage_accounts.tenant(tx, realm.tenant) is not None
        if not known:
            name = realm.title[DEFAULT_LANGUAGE]
            storage_accounts.add_tenant(tx, Tenant(id=realm.tenant, name=name), now=portal.now())
    if portal.keys.status(realm.tenant).state == "missing":
        try:
            portal.keys.create_key(realm.tenant, at=portal.now())
        except KeyUnavailable as error:
            if error.code != "key_exists":
                raise
    return not known


def _provider(portal: Portal, provider: DemoProvider, realm: Realm) -> None:
    row = Provider(
        id=realm.id,
        tenant=realm.tenant,
        title=" ".join(realm.title.values()),
        issuer=provider.issuer(realm),
        client_id=provider.client_id,
        sealed_secret=portal.strongbox.seal(provider.client_secret, kind=PROVIDER, row=realm.id),
        roles={str(role): role for role in Role},
        tenant_claim="org",
        tenant_value=realm.tenant,
        domains=(realm.people[0].email.partition("@")[2],),
        listed=True,
    )
    with portal.store.writing() as tx:
        storage_accounts.put_provider(tx, row, now=portal.now())


def _admit(portal: Portal, realm: Realm, person: Person) -> Member:
    """Make somebody known before he signs in for the first time."""
    profile = Profile(
        tenant=realm.tenant,
        role=person.role,
        subject=person.subject,
        name=person.name,
        email=person.email,
        provider=realm.id,
    )
    with portal.store.writing() as tx:
        return storage_accounts.admit(tx, profile, language=DEFAULT_LANGUAGE, now=portal.now())


def _sample(portal: Portal, realm: Realm) -> None:
    member = _admit(portal, realm, realm.people[0])
    try:
        seed_workspace(portal.workspace(member))
    except (ValueError, RuntimeError) as error:  # the refusals of every folder; the demo starts without a sample
        log.warning("no sample data: %s", error)
