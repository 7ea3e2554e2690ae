"""Sign-in providers: each tenant signs in at its own; none can bring forth a member of another."""

from __future__ import annotations

import secrets

import streamlit as st

from portal import actions_admin, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.identity import TENANT_ROLES, VENDOR, Provider, Role
from portal.text import t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "providers")
    found = actions_admin.providers(workspace)
    names = {row["id"]: row["name"] for row in actions_admin.tenants(workspace)}
    parts.answer(t("providers.answer", count=len(found)), note=t("providers.rule"))
    for one in found:
        with st.container(border=True, key=f"ms-card-{one.id}"):
            parts.section(f"{names.get(one.tenant, one.tenant)} · {one.title}", note=one.issuer)
            roles = t("data.comma").join(f"{claim} → {t(f'shell.roles.{role}')}" for claim, role in one.roles.items())
            st.caption(t("providers.claims", claim=one.role_claim, roles=roles))
            if st.button(t("providers.remove"), key=f"remove-{one.id}", help=t("providers.remove_why")):
                actions_admin.remove_provider(workspace, one.id)
                st.rerun()
    customers = {tenant: name for tenant, name in names.items() if tenant != VENDOR}
    _new(workspace, customers, visit.portal.settings.origin)


def _new(workspace: Workspace, names: dict[str, str], origin: str) -> None:
    with st.form("provider", enter_to_submit=False, border=True):
        parts.section(t("providers.new"), note=t("providers.callback", address=f"{origin}/auth/callback"))
        left, right = st.columns(2)
        tenant = left.selectbox(t("log.tenant"), list(names), format_func=parts.named(names))
        title = right.text_input(t("providers.title"), max_chars=100)
        issuer = left.text_input(t("providers.issuer"), placeholder="https://login.company.com/tenant", max_chars=500)
        client = right.text_input(t("providers.client"), max_chars=200)
        secret = left.text_input(t("providers.secret"), type="password", help=t("providers.secret_why"))
        domains = right.text_input(t("providers.domains"), placeholder="company.com", help=t("providers.domains_why"))
        claim = left.text_input(t("providers.role_claim"), value="roles", max_chars=100)
        offered = sorted(TENANT_ROLES)
        default = right.selectbox(
            t("providers.default"),
            [None, *offered],
            format_func=lambda r: t(f"shell.roles.{r}") if r else t("providers.refuse"),
        )
        if st.form_submit_button(t("providers.register"), type="primary"):
            try:
                provider = Provider(
                    id=secrets.token_hex(8),
                    tenant=tenant or "",
                    title=title.strip(),
                    issuer=issuer.strip(),
                    client_id=client.strip(),
                    role_claim=claim.strip() or "roles",
                    roles={str(role): Role(role) for role in offered},
                    default_role=default,
                    domains=tuple(part.strip().lower() for part in domains.split(",") if part.strip()),
                    listed=not domains.strip(),
                )
                actions_admin.register_provider(workspace, provider, secret=secret)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


if __name__ == "__main__":
    show()
