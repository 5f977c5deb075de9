"""--download-host: files of strangers are shown on a host of their own."""
import json
import re

import pytest

from pages import BROWSER, Collection, make_page, policy, values
from sluice import pattern, run_tool

HOST = "files.example.net"


class Hosts:
    """A server that is asked by its name."""

    def __init__(self, server):
        self.server = server

    def ask(self, method, target, host, *fields, body=None):
        with self.server.connect() as connection:
            head = [f"{method} {target} HTTP/1.1", f"Host: {host}",
                    *(f"{name}: {value}" for name, value in fields)]
            if body is not None:
                head.append(f"Content-Length: {len(body)}")
            connection.send("\r\n".join(head).encode() + b"\r\n\r\n" + (body or b""))
            return connection.response(method)


@pytest.fixture
def page(tmp_path):
    return make_page(tmp_path / "page")


@pytest.fixture
def server(start, page):
    return start("--web-dev", page, "--download-host", HOST)


@pytest.fixture
def hosts(server):
    return Hosts(server)


@pytest.fixture
def upload(server):
    return server.put("picture.png", pattern(3000), ("Content-Type", "image/png"))


@pytest.mark.parametrize("host", [HOST, HOST.upper(), HOST + ":80", HOST + ":443"])
def test_download_host__link__is_shown_in_place(hosts, upload, host):
    for target in (upload.target, f"/{upload.link}"):
        response = hosts.ask("GET", target, host, BROWSER)
        assert response.status == 200 and response.body == pattern(3000)
        assert response.header("Content-Disposition").startswith("inline")
        assert response.header("Cross-Origin-Resource-Policy") == "cross-origin"
    saved = hosts.ask("GET", upload.target + "?download", host)
    assert saved.header("Content-Disposition").startswith("attachment")
    head = hosts.ask("HEAD", upload.target, host)
    assert head.status == 200 and head.header("Content-Length") == "3000"


@pytest.mark.parametrize("host", ["127.0.0.1", "example.net", "x" + HOST, HOST + ".", HOST + ":81",
                                  HOST + "x"])
def test_other_hosts__link__is_only_saved(hosts, upload, host):
    response = hosts.ask("GET", upload.target, host)
    assert response.status == 200 and response.body == pattern(3000)
    assert response.header("Content-Disposition").startswith("attachment")
    assert response.header("Cross-Origin-Resource-Policy") == "same-site"
    assert hosts.ask("GET", "/", host, BROWSER).status == 200


@pytest.mark.parametrize("method,target", [
    ("GET", "/"), ("POST", "/"), ("PUT", "/name.txt"), ("PUT", "/"), ("GET", "/healthz"),
    ("GET", "/metrics"), ("GET", "/api/files/LINK"), ("PATCH", "/api/files/LINK"),
    ("DELETE", "/api/files/LINK"), ("DELETE", "/LINK"), ("POST", "/files/"), ("OPTIONS", "/LINK"),
    ("GET", "/api/files/LINK/progress"), ("POST", "/api/collections"), ("OPTIONS", "*"),
    ("GET", "/assets/home-0123.js"), ("HEAD", "/files/LINK"), ("PUT", "/LINK"), ("GET", "/no")])
def test_download_host__anything_else__404(hosts, upload, method, target):
    body = b"x" if method in ("POST", "PUT", "PATCH") else None
    fields = [("Authorization", f"Bearer {upload.key}"), ("Content-Type", "application/json"),
              ("Tus-Resumable", "1.0.0")]
    response = hosts.ask(method, target.replace("LINK", upload.link), HOST, *fields, body=body)
    assert response.status == 404, response
    assert hosts.ask("GET", upload.target, HOST).status == 200


def test_link_page__leads_to_the_download_host(hosts, upload):
    response = hosts.ask("GET", f"/{upload.link}", "example.net", BROWSER)
    found = values(response)
    assert found["download"] == f"http://{HOST}/{upload.link}/picture.png?download"
    assert json.loads(found["facts"])["url"] == f"http://example.net/{upload.link}/picture.png"
    sources = policy(response)
    for directive in ("img-src", "media-src", "frame-src"):
        assert sources[directive][:2] == ["'self'", f"http://{HOST}"]
    assert sources["connect-src"] == ["'self'", "ws://example.net"]
    assert sources["script-src"] == sources["style-src"] == ["'self'"]


def test_link_page__with_a_base_url__takes_its_scheme(start, page):
    server = start("--web-dev", page, "--download-host", HOST,
                   "--base-url", "https://example.org/sub")
    upload = server.put("a.txt", b"a")
    response = server.get(f"/{upload.link}", BROWSER)
    found = values(response)
    assert found["base"] == "/sub"
    assert found["download"] == f"https://{HOST}/{upload.link}/a.txt?download"
    assert policy(response)["connect-src"] == ["'self'", "wss://example.org"]
    assert f"https://{HOST}" in policy(response)["frame-src"]


def test_collection__files_are_on_the_download_host(server, hosts, upload):
    collection = Collection(server, [upload])
    assert collection.url == server.url(collection.target)
    assert collection.lines() == [f"http://{HOST}/{collection.link}/0/picture.png"]
    assert collection.info()["files"][0]["url"] == collection.lines()[0]
    path = re.sub("^http://[^/]+", "", collection.lines()[0])
    shown = hosts.ask("GET", path, HOST)
    assert shown.body == pattern(3000)
    assert shown.header("Content-Disposition").startswith("inline")
    saved = hosts.ask("GET", path, "example.net")
    assert saved.header("Content-Disposition").startswith("attachment")
    found = values(hosts.ask("GET", collection.target, "example.net", BROWSER))
    assert found["download"] == collection.target + "/"


def test_without_the_option__files_are_shown_everywhere(start):
    server = start()
    upload = server.put("picture.png", b"x", ("Content-Type", "image/png"))
    response = server.get(upload.target)
    assert response.header("Content-Disposition").startswith("inline")


@pytest.mark.parametrize("host", ["https://x.example", "x.example/path", "a b", "x:99999", ":80",
                                  "x" * 256])
def test_option__no_host__ends_the_start(tmp_path, host):
    code, output = run_tool("serve", "--data", tmp_path / "data", "--download-host", host)
    assert code != 0 and "download-host" in output, output
