"""The API fuzzed by its own OpenAPI document: what it publishes is what it does, and nothing makes it fault."""

from __future__ import annotations

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from portal.api_document import FILES, openapi
from portal.identity import Role
from tests.portal.test_api import TENANT, account, token

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
    unsupported_method,
]


schemathesis.serializer.alias("application/x-ndjson", "text/plain")
schemathesis.serializer.alias([media for media in FILES if "application/" in media][2:], "application/octet-stream")
answered: Counter[tuple[str, int]] = Counter()


@pytest.fixture(scope="module")
def bearers(house):
    plant, _ = account(house, scopes=TENANT)
    rep, _ = account(house, tenant="vendor", scopes=("disclosures:read",), role=Role.REP)
    return {"plant": token(house, plant), "rep": token(house, rep)}


schema = schemathesis.openapi.from_dict(openapi("http://127.0.0.1", "1"))


@schema.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_call_breaks_its_own_description(house, bearers, case):
    house.gate.buckets.clear()
    bearer = bearers["rep" if case.operation.path.endswith("/disclosures") else "plant"]
    if "/oauth/" not in case.operation.path:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {bearer}"}
    answer = case.call_and_validate(base_url=house.url, checks=CHECKS)
    answered[case.operation.path, answer.status_code // 100] += 1


def test_the_fuzzing_reached_every_call_and_was_answered_both_ways(house):
    assert len({path for path, _ in answered}) == len(openapi("", "1")["paths"])
    assert {kind for _, kind in answered} == {2, 4}
    assert answered["/api/v1/stops", 4] > 0
    assert answered["/api/v1/datasets", 2] > 0
