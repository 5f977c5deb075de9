"""The page's documents: who gets them, what stands in them, what they may do."""
import json

import pytest

from live import Live
from pages import BROWSER, make_page, policy, values
from sluice import pattern


@pytest.fixture
def page(tmp_path):
    return make_page(tmp_path / "page")


@pytest.fixture
def server(start, page):
    return start("--web-dev", page)


def test_home__for_a_browser__is_the_document(server):
    response = server.get("/", BROWSER)
    assert response.status == 200 and response.text == "<!doctype html><p>home at /</p>\n"
    assert response.header("Vary") == "Accept"
    head = server.request("HEAD", "/", [BROWSER])
    assert head.header("Content-Length") == str(len(response.body))


def test_home__for_curl__is_the_commands(server):
    response = server.get("/")
    assert response.header("Content-Type") == "text/plain; charset=utf-8"
    assert "curl -T" in response.text


def test_home__page_is_not_there__is_the_plain_form(start, tmp_path):
    response = start("--web-dev", tmp_path / "nothing").get("/", BROWSER)
    assert response.status == 200 and 'enctype="multipart/form-data"' in response.text


def test_home__behind_a_path__knows_it(start, page):
    server = start("--web-dev", page, "--base-url", "https://example.org/sub")
    assert "home at /sub/" in server.get("/", BROWSER).text


def test_documents__policy__lets_nothing_strange_run(server):
    upload = server.put("a.txt", b"text")
    for target in ("/", f"/{upload.link}"):
        response = server.get(target, BROWSER)
        found = policy(response)
        host = "ws://%s:%d" % server.address
        assert found == {
            "default-src": ["'none'"], "script-src": ["'self'"], "style-src": ["'self'"],
            "img-src": ["'self'", "data:", "blob:"], "media-src": ["'self'"],
            "frame-src": ["'self'"], "connect-src": ["'self'", host], "form-action": ["'self'"],
            "base-uri": ["'none'"], "frame-ancestors": ["'none'"],
            "require-trusted-types-for": ["'script'"], "trusted-types": ["'none'"]}
        assert response.header("X-Content-Type-Options") == "nosniff"
        assert response.header("Referrer-Policy") == "same-origin"


def test_link__for_a_browser__is_told_in_the_document(server):
    upload = server.put("film.mkv", pattern(1_234_567), ("Content-Type", "video/x-matroska"))
    response = server.get(f"/{upload.link}", BROWSER)
    found = values(response)
    assert found["base"] == "" and found["name"] == found["title"] == "film.mkv"
    assert found["size"] == "1.2 MB" and found["state"] == "ready"
    assert found["download"] == f"/{upload.link}/film.mkv?download"
    assert json.loads(found["facts"]) == server.info(upload.link)
    assert response.header("Vary") == "Accept"
    assert response.header("Cache-Control") == "no-store"  # of --web-dev
    assert server.get(found["download"]).body == pattern(1_234_567)


@pytest.mark.parametrize("target,fields", [
    ("/LINK/film.mkv", [BROWSER]), ("/LINK/", [BROWSER]), ("/LINK?download", [BROWSER]),
    ("/LINK", []), ("/LINK", [("Accept", "*/*")]), ("/LINK", [("Accept", "application/json")]),
    ("/LINK", [("Accept", "text/plain, text/html;q=0.5"), ("Accept-Encoding", "br")]),
    ("/LINK", [BROWSER, ("Range", "bytes=0-")])])
def test_link__asked_for_its_bytes__gives_them(server, target, fields):
    upload = server.put("film.mkv", pattern(5000))
    response = server.get(target.replace("LINK", upload.link), *fields)
    assert response.status in (200, 206) and response.body == pattern(5000)
    vary = "Accept" if target.split("?")[0] == "/LINK" else None
    assert response.header("Vary") == vary


def test_link__opened_as_a_page__is_no_download(server):
    upload = server.put("once.txt", b"once", ("Max-Downloads", "1"))
    for _ in range(3):
        assert values(server.get(f"/{upload.link}", BROWSER))["name"] == "once.txt"
    assert server.info(upload.link)["downloads"] == 0
    assert server.get(upload.target).body == b"once"


def test_link__with_a_hostile_name__stays_text(server):
    name = "\"'><script>alert(1)</script>&amp;{{facts}}{{size}}.txt"
    upload = server.put("x", b"1", ("X-File-Name", "x"))
    response = server.request("PATCH", f"/api/files/{upload.link}", [
        ("Authorization", f"Bearer {upload.key}"), ("Content-Type", "application/json")],
        json.dumps({"name": name.replace("/", "-")}).encode())
    assert response.status == 200, response
    response = server.get(f"/{upload.link}", BROWSER)
    assert "<script" not in response.text
    found = values(response)
    assert found["name"] == name.replace("/", "-")
    assert json.loads(found["facts"])["name"] == found["name"]


@pytest.mark.parametrize("size,words", [
    (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (1099, "1 kB"),
    (1100, "1.1 kB"), (999_999, "999.9 kB"), (2_000_000, "2 MB")])
def test_link__of_any_size__says_it_for_people(server, size, words):
    upload = server.put("a.bin", bytes(size))
    assert values(server.get(f"/{upload.link}", BROWSER))["size"] == words


def test_link__that_is_arriving__is_told_with_its_state(server):
    upload = Live(server, pattern(2000), known=False)
    found = values(server.get(f"/{upload.link}", BROWSER))
    assert found["state"] == "waiting" and found["size"] == "size unknown"
    upload.append(1500)
    facts = json.loads(values(server.get(f"/{upload.link}", BROWSER))["facts"])
    assert facts["stored"] == 1500 and facts["size"] is None
    upload.finish()
    assert values(server.get(f"/{upload.link}", BROWSER))["state"] == "ready"


def test_link__that_is_gone__is_an_error_page(server):
    upload = server.put("a.txt", b"a")
    server.request("DELETE", f"/{upload.link}", [("Authorization", f"Bearer {upload.key}")])
    response = server.get(f"/{upload.link}", BROWSER)
    assert response.status == 404 and response.header("Content-Type").startswith("text/html")


def test_link__page_is_not_there__gives_the_bytes(start, tmp_path):
    server = start("--web-dev", tmp_path / "nothing")
    upload = server.put("a.txt", b"bytes")
    assert server.get(f"/{upload.link}", BROWSER).body == b"bytes"
