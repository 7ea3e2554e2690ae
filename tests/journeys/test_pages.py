"""Every page of every role draws, in both languages, without a fault and without a word in the wrong language."""

from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from portal.demo_idp import REALMS

PEOPLE = [(realm.id, person.subject) for realm in REALMS for person in realm.people]


def patient(client: httpx2.Client, path: str) -> httpx2.Response:
    """Ask, and wait where the portal says that it is too often."""
    while (answer := client.get(path)).status_code == 429:
        time.sleep(float(answer.headers["retry-after"]))
    assert answer.status_code == 303, answer.text
    return answer


def signed_in(url: str, realm: str, person: str, language: str) -> str:
    """The cookie of somebody who chose this language on the sign-in page."""
    with httpx2.Client(base_url=url, trust_env=False) as client:
        patient(client, f"/auth/language?to={language}")
        to_provider = patient(client, f"/auth/start?provider={realm}").headers["location"]
        back = patient(client, f"{to_provider}&person={person}").headers["location"]
        patient(client, back)
        return f"mingsuan={client.cookies['mingsuan']}"


async def drawn(socket: ClientConnection, page: str) -> tuple[dict[str, str], list[str]]:
    """Run a page: the pages of the navigation, and everything that was drawn as text."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.page_script_hash = page
    await socket.send(message.SerializeToString())
    pages: dict[str, str] = {}
    parts: list[str] = []
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await asyncio.wait_for(socket.recv(), 60))
        kind = answer.WhichOneof("type")
        if kind == "navigation":
            pages = {entry.page_script_hash: entry.url_pathname for entry in answer.navigation.app_pages}
        elif kind == "delta":
            parts.append(str(answer.delta))
        elif kind == "script_finished":
            return pages, parts


@pytest.mark.parametrize(("realm", "person"), PEOPLE, ids=[person for _, person in PEOPLE])
def test_every_page_of_a_person_draws(portal, realm, person):
    async def visit(language: str) -> None:
        cookie = signed_in(portal.url, realm, person, language)
        async with connect(
            portal.url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=portal.url,
            subprotocols=["streamlit"],
            additional_headers={"Cookie": cookie},
            max_size=None,
            proxy=None,
        ) as socket:
            pages, _ = await drawn(socket, "")
            assert pages
            for page, name in pages.items():
                _, parts = await drawn(socket, page)
                where = f"{name or 'home'} in {language}"
                assert parts, where
                faults = [
                    part for part in parts if "ms-problem" in part or re.match(r"\s*new_element\s*{\s*exception", part)
                ]
                assert faults == [], where
                keys = [part for part in parts if re.search(r'[">][a-z]+\.[a-z_]+["<]', part) and ".py" not in part]
                assert [part for part in keys if "shell." in part or "parts." in part] == [], where

    with ThreadPoolExecutor(1) as aside:  # the browser of other journeys has its event loop in this thread
        for language in ("zh-CN", "en"):
            aside.submit(asyncio.run, visit(language)).result()
