"""What passes the gate and what does not, over real HTTP and websockets."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from portal import gate as gate_module
from portal import sessions, storage_accounts
from portal.limits import Rate
from portal.ways import WAYS, Access

SHUT = [
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/interact",
    "/_stcore/agent/mcp",
    "/_stcore/script-health-check",
    "/_stcore/anything",
]
NEEDS_SESSION = [
    "/",
    "/start",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/media/abc.png",
    "/component/x/y",
    "/static/js/index.js",
    "/files/anything",
    "/nowhere",
]
PUBLIC = ["/healthz", "/readyz", "/auth/sign-in", "/s/abc", "/shell/front.css"]


@contextlib.contextmanager
def socket_of(house, client=None, *, origin="", protocols=("streamlit", "x", "y"), cookie=None):
    jar = "" if client is None else "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    headers = {"Cookie": cookie or jar}
    address = house.url.replace("http", "ws") + "/_stcore/stream"
    with connect(
        address,
        origin=origin or house.url,
        subprotocols=list(protocols),
        additional_headers=headers,
        proxy=None,
        open_timeout=10,
    ) as opened:
        yield opened


@pytest.mark.parametrize("path", SHUT)
def test_routes_of_no_use_to_a_person_do_not_exist_even_with_a_session(house, path):
    assert house.client().get(path).status_code == 404
    assert house.sign_in("huacheng", "lina").get(path).status_code == 404


@pytest.mark.parametrize("path", NEEDS_SESSION)
def test_without_a_session_a_person_is_sent_to_the_sign_in_and_a_program_is_refused(house, path):
    answer = house.client().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/auth/sign-in")
    refused = house.client(accept="application/json").get(path)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", [*SHUT, *NEEDS_SESSION, *PUBLIC, "/api/v1/datasets", "/auth/callback", "/idp/vendor/jwks"]
)
def test_every_answer_carries_the_protecting_headers(house, path):
    answer = house.client().get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


def test_every_way_in_is_declared_and_the_last_one_needs_a_session():
    assert WAYS[-1].prefix == "/"
    assert WAYS[-1].access is Access.SESSION
    public = {way.prefix for way in WAYS if way.access is Access.PUBLIC}
    assert public == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/auth/",
        "/s/",
        "/shell/",
        "/favicon",
        "/idp/",
        "/outbox",
        "/verify",
        "/u/",
    }


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"])
def test_a_foreign_host_is_not_answered(house, host):
    answer = house.client(host=host).get("/auth/sign-in")
    assert answer.status_code == 421


def test_two_host_headers_are_one_too_many(house):
    parts = urlsplit(house.url)
    request = f"GET /auth/sign-in HTTP/1.1\r\nHost: {parts.netloc}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        raw.sendall(request.encode())
        status = raw.recv(4096).split(b" ")[1]
    assert status in {b"400", b"421"}


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9", "null", "https://127.0.0.1"])
def test_a_foreign_origin_changes_nothing(house, origin):
    client = house.sign_in("huacheng", "lina")
    assert client.post("/auth/sign-out", headers={"origin": origin}).status_code == 403
    assert client.get("/auth/alive").status_code == 204


def test_a_hidden_origin_changes_something_only_from_our_own_pages(house):
    client = house.sign_in("huacheng", "lina")
    for site in ("cross-site", "same-site", "none"):
        hidden = {"origin": "null", "sec-fetch-site": site}
        assert client.post("/auth/sign-out", headers=hidden).status_code == 403
    ours = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert client.post("/auth/sign-out", headers=ours).status_code == 200


def test_a_change_without_any_origin_is_refused(house):
    client = house.sign_in("huacheng", "lina")
    assert client.post("/auth/sign-out").status_code == 403
    assert client.post("/auth/sign-out", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_other_sites_cannot_load_our_files_into_their_pages(house):
    client = house.sign_in("huacheng", "lina")
    stolen = client.get("/static/js/x.js", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"})
    assert stolen.status_code == 403


@pytest.mark.parametrize("path", ["//evil.example/", "/static/../../etc/passwd", "/static/%2e%2e/x", "/a%5cb", "/%00"])
def test_crooked_paths_are_refused(house, path):
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        assert raw.recv(4096).split(b" ")[1] == b"400"


def test_streamlit_learns_the_handle_and_never_the_cookie(house):
    client = house.sign_in("huacheng", "lina")
    told = client.get("/media/x", headers={"x-portal-sid": "forged", "x-portal-anything": "1"}).json()
    assert "mingsuan=" not in told.get("cookie", "")
    assert "x-portal-anything" not in told
    with house.portal.store.reading() as tx:
        session = sessions.session_by_id(tx, told["x-portal-sid"], now=house.clock())
    assert session is not None
    assert session.member.name.endswith("Li Na")


def test_the_frame_of_a_page_is_ours_and_only_for_those_whose_page_it_is(house):
    client = house.sign_in("nordfilm", "erik")
    frame = client.get("/data")
    assert frame.status_code == 200
    assert frame.headers["cache-control"] == "no-store"
    assert '<html lang="zh-CN">' in frame.text or '<html lang="en">' in frame.text
    assert "<script>" not in frame.text  # no inline script, so none needs to be allowed
    assert "<title>Streamlit" not in frame.text
    assert "agent" not in frame.text
    assert client.get("/tenants").status_code == 404  # somebody else's page
    assert client.get("/no-such-page").status_code == 404


def test_a_large_body_is_refused_whether_or_not_it_says_so(house):
    client = house.sign_in("huacheng", "lina")
    big = b"x" * (2 * 2**20)
    own = {"origin": house.url}
    assert client.put("/_stcore/upload_file/a/b", content=big, headers=own).status_code == 413
    assert client.put("/_stcore/upload_file/a/b", content=iter([big]), headers=own).status_code == 413
    assert client.post("/auth/find", content=b"x" * 100_000, headers=own).status_code == 413


def test_too_many_requests_are_told_when_to_come_back(house):
    client = house.client()
    for _ in range(400):
        answer = client.get("/s/guess")
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["code"] == "too_often"


def test_one_tenant_does_not_starve_the_others(house, monkeypatch):
    monkeypatch.setattr(gate_module, "TENANT", Rate(burst=6, per_second=0.5))
    lina, wang, anna = (
        house.sign_in(*who) for who in (("huacheng", "lina"), ("huacheng", "wangjun"), ("nordfilm", "anna"))
    )
    answers = [client.get("/_stcore/health") for _ in range(6) for client in (lina, wang)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert anna.get("/_stcore/health").status_code == 200


# --- websockets ------------------------------------------------------------------------------------------------------


def test_a_websocket_needs_our_origin(house):
    client = house.sign_in("huacheng", "lina")
    for origin in ("http://evil.example", "http://localhost:1234"):
        with pytest.raises(InvalidStatus), socket_of(house, client, origin=origin):
            pass


def test_a_websocket_without_a_session_is_sent_to_the_sign_in_and_closed(house):
    with socket_of(house, cookie="mingsuan=nonsense") as opened:
        message = ForwardMsg()
        message.ParseFromString(opened.recv(timeout=5))
        assert message.auth_redirect.url.startswith("/auth/sign-in")
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=5)
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("how", ["session", "member", "tenant", "suspended", "member off", "idle", "old"])
def test_whoever_loses_his_session_loses_every_tab_within_a_second(house, how):
    client = house.sign_in("nordfilm", "anna")
    with socket_of(house, client) as first, socket_of(house, client) as second:
        sid = _told(first)
        _told(second)
        now = house.clock()
        with house.portal.store.reading() as tx:
            session = sessions.session_by_id(tx, sid, now=now)
        with house.portal.store.writing() as tx:
            if how == "session":
                sessions.revoke(tx, session_id=sid, now=now)
            elif how == "member":
                sessions.revoke(tx, member_id=session.member.id, now=now)
            elif how == "tenant":
                sessions.revoke(tx, tenant_id="nordfilm", now=now)
            elif how == "suspended":
                storage_accounts.set_tenant_state(tx, "nordfilm", "suspended", now=now)
            elif how == "member off":
                storage_accounts.set_member_active(tx, session.member.id, False)
        if how == "idle":
            house.clock.ahead = house.portal.settings.idle + timedelta(seconds=1)
        elif how == "old":
            with house.portal.store.writing() as tx:
                sessions.touch(tx, sid, now=now + house.portal.settings.absolute)
            house.clock.ahead = house.portal.settings.absolute + timedelta(seconds=1)
        began = time.monotonic()
        for tab in (first, second):
            message = ForwardMsg()
            message.ParseFromString(tab.recv(timeout=5))
            assert message.auth_redirect.url.startswith("/auth/sign-in")
            with pytest.raises(ConnectionClosed) as closed:
                tab.recv(timeout=5)
            assert closed.value.rcvd.code == 4401
        assert time.monotonic() - began < 3  # within a second on a quiet machine
    assert client.get("/auth/alive").status_code == 401
    with house.portal.store.writing() as tx:
        storage_accounts.set_tenant_state(tx, "nordfilm", "active", now=now)
        storage_accounts.set_member_active(tx, session.member.id, True)


def test_work_by_hand_keeps_a_session_alive_and_a_page_that_refreshes_itself_does_not(house):
    client = house.sign_in("huacheng", "wangjun")
    with socket_of(house, client) as opened:
        sid = _told(opened)
        for automatic in (True, False):
            seen = _seen(house, sid)
            house.gate.forget_activity()
            message = BackMsg()
            message.rerun_script.is_auto_rerun = automatic
            message.rerun_script.query_string = ""
            house.clock.ahead += timedelta(minutes=1)
            opened.send(message.SerializeToString())
            opened.recv(timeout=5)
            assert (_seen(house, sid) > seen) is (not automatic)


def _told(opened):
    return json.loads(opened.recv(timeout=5))["x-portal-sid"]


def _seen(house, sid):
    with house.portal.store.reading() as tx:
        return sessions.last_seen(tx, sid)
