"""Production refuses to start half-prepared, knows nothing of the demo's provider, and hardens its cookies."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit import config, error_util
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from portal import ui
from portal.app import check_production, keep_values_out_of_the_log, run_serve, work_out_the_theme_once
from portal.cluster import ClusterError
from portal.headers import guarded
from portal.limits import Buckets, Rate, declared_length, limited, retry_after
from portal.object_blobs import BlobsAwayError
from portal.wiring import Settings, SettingsError, build, read_settings

GOOD = {
    "MINGSUAN_URL": "https://portal.example.com",
    "MINGSUAN_SMTP": "smtps://u:p@mail.example.com",
    "MINGSUAN_KEYS": "pkcs11:token=mingsuan",
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MINGSUAN_URL": ""}, "no_public_address"),
        ({"MINGSUAN_URL": "http://portal.example.com"}, "not_encrypted"),
        ({"MINGSUAN_SMTP": ""}, "no_mail_server"),
        ({"MINGSUAN_KEYS": "nowhere/to/be/found"}, "no_keys"),
    ],
)
def test_production_refuses_to_start_without_what_it_needs(change, code):
    with pytest.raises(SettingsError) as error:
        check_production(read_settings({**GOOD, **change}))
    assert error.value.code == code
    assert error.value.remedy


def test_production_refuses_to_start_without_a_provider_of_the_vendor(tmp_path):
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    from privacy.keys import LocalKeys

    LocalKeys(keys)
    settings = read_settings({**GOOD, "MINGSUAN_KEYS": str(keys), "MINGSUAN_DATA": str(tmp_path / "data")})
    with pytest.raises(SettingsError) as error:
        run_serve(settings)
    assert error.value.code == "no_provider"


def test_the_theme_is_worked_out_once_and_stays_the_same(monkeypatch):
    original = app_session._populate_theme_msg
    monkeypatch.setattr(app_session, "_populate_theme_msg", original)
    config.set_option("theme.primaryColor", "#0B6B75")
    config.set_option("theme.light.sidebar.backgroundColor", "#F6F7F9")
    sections = ["theme", "theme.sidebar", "theme.light", "theme.dark", "theme.light.sidebar", "theme.dark.sidebar"]

    def messages(populate):
        made = [CustomThemeConfig() for _ in sections]
        for message, section in zip(made, sections, strict=True):
            populate(message, section)
        return [message.SerializeToString(deterministic=True) for message in made]

    wanted = messages(original)
    assert any(wanted)
    work_out_the_theme_once()
    populate = app_session._populate_theme_msg
    assert populate is not original
    assert messages(populate) == messages(populate) == wanted
    config.set_option("theme.primaryColor", None)
    config.set_option("theme.light.sidebar.backgroundColor", None)


@pytest.mark.parametrize(
    "address", ["https://somewhere", "s3://user:secret@bucket", "s3://b?endpoint=http://far.example"]
)
def test_a_store_that_cannot_be_used_is_refused_not_ignored(tmp_path, address):
    with pytest.raises(BlobsAwayError) as error:
        build(Settings(data=tmp_path / "data", keys=str(tmp_path / "keys"), blobs=address))
    assert error.value.code == "blobs_away"
    assert not (tmp_path / "data" / "mingsuan.sqlite3").exists()


def test_a_cluster_that_would_hear_plain_text_is_refused_at_the_start(tmp_path):
    with pytest.raises(ClusterError) as error:
        build(Settings(data=tmp_path / "data", keys=str(tmp_path / "keys"), executor="tcp://10.1.2.3:8786"))
    assert error.value.code == "cluster_unencrypted"
    assert not (tmp_path / "data").exists()


def test_production_never_imports_the_provider_of_the_demo():
    program = (
        "import sys, portal.app, portal.cli; print('portal.demo_idp' in sys.modules, 'portal.demo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_streamlit_runs_as_we_say(tmp_path):
    program = """
import json
from pathlib import Path
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager
from portal.app import create_app
from portal.wiring import build, read_settings, use
create_app(use(build(read_settings(mode="demo", upload_mb=7))))
names = ["runner.postScriptGC", "server.trustedUserHeaders", "browser.gatherUsageStats", "client.showErrorDetails",
         "server.enableAgentApi", "server.fileWatcherType", "server.maxUploadSize", "logger.enableRich"]
manager = PagesManager(str(Path("portal/ui.py").resolve()))  # as the first session of the process makes one
print(json.dumps({name: config.get_option(name) for name in names} | {"pages folder": manager.uses_pages_directory}))
"""
    environment = {**os.environ, "MINGSUAN_DATA": str(tmp_path / "data"), "MINGSUAN_KEYS": str(tmp_path / "keys")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "runner.postScriptGC": False,
        "server.trustedUserHeaders": {"x-portal-sid": "sid"},
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "server.enableAgentApi": False,
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 7,
        "logger.enableRich": False,
        "pages folder": False,  # else who opens another page first sees everybody's pages
    }


def test_settings_name_what_is_wrong(tmp_path):
    file = tmp_path / "portal.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SettingsError) as error:
        read_settings({}, file=file)
    assert (error.value.code, error.value.place) == ("unknown_setting", "prot")
    with pytest.raises(SettingsError) as error:
        read_settings({"MINGSUAN_PORT": "abc"})
    assert (error.value.code, error.value.place) == ("bad_setting", "MINGSUAN_PORT")
    file.write_text("port = 9000\nhost = '0.0.0.0'\n")
    settings = read_settings({"MINGSUAN_PORT": "9001"}, file=file, host="127.0.0.2")
    assert (settings.port, settings.host) == (9001, "127.0.0.2")
    assert read_settings(settings.environment()) == settings


def test_behind_tls_the_cookie_is_bound_to_the_host(tmp_path):
    from .conftest import open_house

    house, server, thread = open_house(tmp_path, url="https://portal.example.com")
    try:
        client = httpx2.Client(base_url=house.url, headers={"host": "portal.example.com"}, trust_env=False)
        form = {"email": "nobody@client.example"}
        answer = client.post("/auth/code/send", data=form, headers={"origin": "https://portal.example.com"})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-mingsuan-code=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def test_metrics_outside_the_demo_need_their_token(tmp_path):
    from .conftest import open_house

    house, server, thread = open_house(tmp_path, mode="serve", metrics_token="t" * 40)
    try:
        client = house.client()
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"authorization": "Bearer no"}).status_code == 401
        good = client.get("/metrics", headers={"authorization": f"Bearer {'t' * 40}"})
        assert "mingsuan_requests_total" in good.text
        assert client.get("/outbox").status_code in {303, 404}
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def test_the_fault_of_a_page_does_not_write_its_values_into_the_log(caplog, capsys):
    keep_values_out_of_the_log()
    with pytest.raises(ValueError, match="canary") as raised:
        int("canary-value of a tenant")
    error_util._log_uncaught_app_exception(raised.value)
    assert ui.where(raised.value).startswith("test_production.py:")
    written = capsys.readouterr()
    assert "canary-value" not in caplog.text + written.err + written.out


# --- limits ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.integers(1, 10), st.floats(0.1, 10))
def test_never_more_than_the_burst_and_the_rate_allow(pauses, burst, per_second):
    buckets, at, passed = Buckets(), 0.0, 0
    for pause in pauses:
        at += pause
        if buckets.wait("k", Rate(burst=burst, per_second=per_second), at=at) == 0:
            passed += 1
    assert passed <= burst + per_second * at + 1e-6


def test_after_the_wait_there_is_a_token():
    buckets, rate = Buckets(), Rate(burst=1, per_second=0.5)
    assert buckets.wait("k", rate, at=0) == 0
    wait = buckets.wait("k", rate, at=0)
    assert wait == pytest.approx(2)
    assert retry_after(wait) == b"2"
    assert buckets.wait("k", rate, at=wait) == 0
    assert buckets.wait("other", rate, at=0) == 0


def test_the_oldest_keys_are_forgotten_first():
    buckets, rate = Buckets(most=2), Rate(burst=1, per_second=0.001)
    for key in ("a", "b", "c"):
        assert buckets.wait(key, rate, at=0) == 0
    assert buckets.wait("c", rate, at=0) > 0
    assert buckets.wait("a", rate, at=0) == 0


@pytest.mark.parametrize(
    ("values", "length"),
    [([], None), ([b"12"], 12), ([b"12", b"13"], -1), ([b"-1"], -1), ([b"+5"], -1), ([b"9" * 30], -1)],
)
def test_a_length_is_a_plain_number(values, length):
    assert declared_length([(b"content-length", value) for value in values]) == length


def test_defaults_are_for_one_machine():
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert not settings.demo
    assert settings.data == Path("data")


# --- answers ---------------------------------------------------------------------------------------------------------


def answered(headers, *, secure, immutable=False):
    """The headers of an answer after they have passed."""
    seen = []

    async def send(message):
        seen.append(message)

    wrapped = guarded(send, app_page=True, secure=secure, immutable=immutable)
    asyncio.run(wrapped({"type": "http.response.start", "status": 200, "headers": headers}))
    return seen[0]["headers"]


def test_behind_tls_every_cookie_is_for_tls_only():
    cookies = [(b"set-cookie", b"a=1; Path=/"), (b"Set-Cookie", b"b=2; secure")]
    values = [value for name, value in answered(cookies, secure=True) if name.lower() == b"set-cookie"]
    assert values == [b"a=1; Path=/; Secure", b"b=2; secure"]
    assert (b"set-cookie", b"a=1; Path=/") in answered(cookies, secure=False)


def test_what_is_set_further_in_does_not_weaken_our_headers():
    weak = [(b"X-Frame-Options", b"ALLOWALL"), (b"content-security-policy", b"default-src *"), (b"Server", b"x/1.0")]
    names = [name.lower() for name, _ in answered(weak, secure=False)]
    assert names.count(b"x-frame-options") == 1
    assert names.count(b"content-security-policy") == 1
    assert b"server" not in names


def test_a_body_that_does_not_come_is_not_waited_for():
    async def never():
        await asyncio.sleep(60)

    assert asyncio.run(limited(never, most=10, seconds=0.01)())["type"] == "http.disconnect"
