"""The routes of files answer a refusal as one, and never with a trace."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

from portal.text import error_text


def test_who_may_not_upload_is_refused_with_words(house):
    client = house.sign_in("huacheng", "zhaomin")  # reads figures, brings no files
    answer = client.put("/files/upload?name=stops.csv", content=b"a,b\n1,2\n", headers={"origin": house.url})
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:mingsuan:problem:action_refused"
    assert "Traceback" not in answer.text


def test_a_file_that_cannot_be_taken_is_told_why(house):
    client = house.sign_in("huacheng", "lina")
    answer = client.put("/files/upload?name=stops.csv", content=b"  ", headers={"origin": house.url})
    assert answer.status_code == 422
    assert answer.json()["title"]


def test_the_words_of_other_libraries_are_never_shown():
    fault = OperationalError("select secret", {"a": "VALUE"}, Exception("x"))
    told = " ".join(error_text(fault))
    assert told.strip()
    assert "select" not in told
    assert "VALUE" not in told


def test_a_sample_file_of_each_kind_comes_in_the_language_of_its_reader(house):
    client = house.sign_in("huacheng", "lina")
    got = client.get("/files/form?kind=stops")
    assert got.status_code == 200
    assert got.content.startswith("\ufeff设备名称".encode())
    assert client.get("/files/form?kind=../secret", headers={"accept": "application/json"}).status_code == 404
