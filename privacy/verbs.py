"""Every action of the portal, declared: what it touches, for what purpose, the highest class of data it may meet.

An action that is not here does not exist: `policy.decide` denies it, and the portal does not start with it. Some verbs
are declared before their action is written: the rule is reviewed first. Classes, from the least to the most protected:
public, internal (about the work, without values), sensitive (a tenant's values), secret (never read by an action).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CLASSES: Final = ("public", "internal", "sensitive", "secret")

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "edit_values": "work with a tenant's values and change them",
        "read_values": "see a tenant's values",
        "follow": "see how the work stands, who can see what and what was released",
        "release": "let something leave the tenant, and take it back",
        "govern": "decide about the tenant's people, keys and erasure",
        "sell": "invite prospects and read what was released",
        "write_packs": "write packs",
        "read_drafts": "read and test drafts of packs, see what was released",
        "judge_packs": "review packs, publish and roll back",
        "audit": "read, verify and export the log, see releases and consents",
        "operate": "create and close tenants, register sign-in, watch jobs",
        "keep_keys": "rotate, retire and destroy keys",
        "connect": "make and revoke the accounts that programs work with on one's behalf",
        "support": "read a tenant's values for support, with a reason and an end",
        "everybody": "sign in and out, see one's own start page and published packs",
    }
)

STEP_UP: Final = frozenset(
    {
        "disclose", "export_workspace", "erase_workspace", "erase_dataset", "erase_me", "rotate_keys", "retire_keys",
        "destroy_keys", "close_tenant", "register_provider", "remove_provider", "invite_colleague", "change_role",
        "open_service_account", "share", "take_key", "change_passphrase", "recover_key", "give_key_back",
    }
)  # fmt: skip
"""Actions before which somebody proves anew who he is, where his last proof is older than a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One action: its name in the log, its group in the policies, resource, purpose and highest class."""

    name: str
    group: str
    resource: str
    purpose: str
    grade: str


_BY_GROUP: Final = {
    ("edit_values", "dataset", "baseline", "sensitive"): (
        "stage_upload paste_rows read_upload upload_dataset discard_upload load_sample remove_dataset push_records"
        " set_calendar fix_dataset undo_fix join_machines part_machines forget_mapping"
        " propose_requirements requirement_page decide_requirements remove_requirements"
    ),
    ("edit_values", "line", "simulation", "sensitive"): (
        "fit_line use_line_template save_line plan_scenario remove_scenario run_study keep_rough keep_result"
        " use_layout keep_back_test"
    ),
    ("edit_values", "run", "simulation", "internal"): "cancel_run",
    ("edit_values", "case", "appraisal", "sensitive"): (
        "set_inputs save_option remove_option lock_forecast enter_actuals decide_proposal save_pilot take_from_orders"
        " count_gaps declare_rate"
    ),
    (
        "edit_values",
        "assessment",
        "self_check",
        "sensitive",
    ): "answer_control attach_evidence plan_closing undo_answer freeze_assessment",
    (
        "read_values",
        "dataset",
        "baseline",
        "sensitive",
    ): "uploads datasets baseline working_calendar record_quality plant_machines requirements",
    (
        "read_values",
        "line",
        "simulation",
        "sensitive",
    ): "line layout_plan scenarios result back_test replay replay_line line_gains find_gains",
    ("read_values", "case", "appraisal", "sensitive"): (
        "take_document show_document document_pages "
        "inputs appraise why lineage take_lineage record_guess take_workbook options forecasts try_value"
        " two_way assumptions"
        " object_to answer_objection from_orders gap_costs currency_rates pilot way_map consensus"
    ),
    (
        "read_values",
        "assessment",
        "self_check",
        "sensitive",
    ): "assess closing_state risks alerts subscribe_digest send_digest try_rule",
    ("read_values", "benchmark", "benchmark", "sensitive"): "benchmarks",
    ("read_values", "trust", "transparency", "sensitive"): "data_use",
    ("follow", "run", "simulation", "internal"): "run_status",
    ("follow", "trust", "transparency", "internal"): (
        "consents releases who_can_see access_log colleagues progress_shared contact_rules seen_by_rep"
        " trust_statements own_key stop_contact allow_contact take_log grants"
    ),
    ("follow", "position", "consensus", "internal"): "my_questions take_position",
    ("release", "disclosure", "release", "sensitive"): (
        "preview_release give_consent withdraw_consent disclose take_release"
    ),
    ("release", "contribution", "benchmark", "sensitive"): "contribute",
    (
        "release",
        "disclosure",
        "transparency",
        "internal",
    ): "preview_as_rep share_progress share shared_links revoke_share view_as end_grant",
    ("govern", "tenant", "erasure", "sensitive"): "export_workspace erase_dataset erase_workspace",
    (
        "govern",
        "member",
        "operation",
        "internal",
    ): "invite_colleague change_role remove_member set_department open_respondents",
    ("sell", "link", "outreach", "internal"): (
        "invite preview_link revoke_link decision_speed list_links contact_prospect may_be_contacted contacts_made"
    ),
    ("sell", "disclosure", "offer", "internal"): (
        "sales_feed take_disclosure recalls confirm_recall propose_value proposable"
    ),
    ("sell", "pack", "knowledge", "internal"): "judge_card guide_cards",
    ("write_packs", "pack", "knowledge", "internal"): ("draft_pack edit_draft undo_draft drop_draft submit_pack"),
    ("read_drafts", "pack", "knowledge", "internal"): (
        "list_drafts open_draft preview_draft test_pack pack_releases compare_release pack_usage card_usage"
    ),
    ("judge_packs", "pack", "knowledge", "internal"): "review_pack publish_pack rollback_pack retire_pack",
    ("audit", "log", "audit", "internal"): (
        "read_log verify_log export_log today field_inventory actions_overview consent_overview release_overview"
        " access_review confirm_access revoke_access search_log anomalies"
        " open_finding close_finding findings"
        " processing_record state_location assess_impact impacts report_breach update_breach tenants_by_name"
        " breaches officer_report"
        " take_report"
    ),
    ("audit", "benchmark", "benchmark", "internal"): (
        "ask_benchmark approve_benchmark decline_benchmark budget_ledger"
    ),
    ("operate", "tenant", "operation", "internal"): (
        "create_tenant suspend_tenant resume_tenant close_tenant tenants providers register_provider remove_provider"
        " jobs back_up_installation backup_status"
    ),
    ("operate", "tenant", "support", "internal"): "break_glass support_view",
    ("support", "dataset", "support", "sensitive"): "support_read",
    ("govern", "key", "operation", "internal"): "take_key change_passphrase recover_key give_key_back",
    ("read_values", "key", "operation", "internal"): "open_key close_key",
    ("keep_keys", "key", "operation", "internal"): "key_status rotate_keys retire_keys destroy_keys",
    ("connect", "service", "operation", "internal"): "open_service_account revoke_service_account service_accounts",
    (
        "everybody",
        "account",
        "account",
        "internal",
    ): "sign_in sign_out journey my_data correct_me end_my_sessions erase_me",
    ("everybody", "pack", "knowledge", "public"): "list_packs open_pack",
}

ACTIONS: Final[Mapping[str, Verb]] = MappingProxyType(
    {
        name: Verb(name=name, group=group, resource=resource, purpose=purpose, grade=grade)
        for (group, resource, purpose, grade), names in _BY_GROUP.items()
        for name in names.split()
    }
)
