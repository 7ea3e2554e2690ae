"""From a released number back to the file."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from privacy.lineage import Edge, Node, open_lineage, sources, trace_back
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
START = Node(kind="file", id="f-1", field="Start")
REASON = Node(kind="file", id="f-1", field="Reason")
PRICE = Node(kind="file", id="f-2", field="Price")
STARTED = Node(kind="dataset", id="d-1", field="started_at")
CAUSE = Node(kind="dataset", id="d-1", field="reason")
OEE = Node(kind="result", id="r-1", field="oee")
NPV = Node(kind="case", id="c-1", field="npv_p50")
BAND = Node(kind="disclosure", id="x-1", field="npv_likely")
EDGES = (
    Edge(inputs=(NPV,), output=BAND, job="disclose", version="release/1", kind="AGGREGATION", masking=True),
    Edge(inputs=(START,), output=STARTED, job="upload_dataset", version="1", kind="IDENTITY"),
    Edge(inputs=(REASON,), output=CAUSE, job="upload_dataset", version="1", kind="IDENTITY"),
    Edge(inputs=(STARTED, CAUSE), output=OEE, job="run_study", version="twin/1"),
    Edge(inputs=(OEE, PRICE), output=NPV, job="appraise", version="module_roi/1", override="agreed price"),
)


def test_the_way_back_is_nearest_first_and_whole() -> None:
    assert [edge.job for edge in trace_back(EDGES, BAND)] == [
        "disclose",
        "appraise",
        "run_study",
        "upload_dataset",
        "upload_dataset",
    ]
    assert sources(EDGES, BAND) == (REASON, START, PRICE)
    assert sources(EDGES, STARTED) == (START,)
    assert trace_back(EDGES, START) == ()


def test_a_number_cannot_rest_on_itself() -> None:
    loop = Edge(inputs=(BAND,), output=STARTED, job="x", version="1")
    with pytest.raises(PrivacyError) as refused:
        trace_back((*EDGES, loop), BAND)
    assert refused.value.code == "lineage_circle"


def test_a_diamond_is_walked_once() -> None:
    wide = [
        Edge(inputs=(START,), output=Node(kind="x", id="1", field=str(at)), job="j", version="1") for at in range(50)
    ]
    joined = Edge(inputs=tuple(edge.output for edge in wide), output=BAND, job="k", version="1")
    assert len(trace_back((*wide, joined), BAND)) == 51


def test_open_lineage_holds_edges_masking_and_overrides() -> None:
    events: list[dict[str, Any]] = open_lineage(EDGES, namespace="mingsuan://acme", run="r", at=AT)  # type: ignore[assignment]
    assert [event["job"]["name"] for event in events] == sorted(event["job"]["name"] for event in events)
    by_job = {event["job"]["name"].split("@")[0]: event for event in events}
    assert set(by_job) == {"upload_dataset", "run_study", "appraise", "disclose"}
    facet = by_job["disclose"]["outputs"][0]["facets"]["columnLineage"]["fields"]["npv_likely"]["inputFields"][0]
    assert (facet["name"], facet["field"], facet["transformations"][0]["masking"]) == ("case/c-1", "npv_p50", True)
    price = by_job["appraise"]["outputs"][0]["facets"]["columnLineage"]["fields"]["npv_p50"]["inputFields"]
    assert {each["transformations"][0]["description"] for each in price} == {"override: agreed price"}
    for event in events:
        uuid.UUID(event["run"]["runId"])
        assert event["eventType"] == "COMPLETE"
        assert {"producer", "schemaURL", "eventTime", "inputs", "outputs"} <= event.keys()
    assert events == open_lineage(EDGES, namespace="mingsuan://acme", run="r", at=AT)
