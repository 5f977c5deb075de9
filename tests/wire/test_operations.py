"""What an administrator sees: health, metrics, addresses in links, logs."""
import json
import re

import pytest

from rawhttp import Connection
from sluice import free_port, pattern, settled

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)'
                    r'(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})?'
                    r" (NaN|[+-]Inf|[-+0-9.eE]+)( \d+)?\Z")


def samples(text):
    """Parses Prometheus text; returns {name{labels}: value} and checks that each has a type."""
    assert text.endswith("\n")
    types, values = {}, {}
    for line in text[:-1].split("\n"):
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram", "summary") and name not in types
            types[name] = kind
        elif line.startswith("# HELP ") or not line:
            continue
        else:
            match = SAMPLE.match(line)
            assert match, f"malformed sample {line!r}"
            family = re.sub(r"_(bucket|sum|count)\Z", "", match[1])
            assert match[1] in types or family in types, f"no type for {line!r}"
            key = match[1] + (match[2] or "")
            assert key not in values, f"{key} twice"
            values[key] = float(match[3])
    return values


def test_health__of_a_running_server__is_ok(sluice):
    response = sluice.get("/healthz")
    assert response.status == 200 and response.body.strip() == b"ok"
    assert "no-" in response.header("Cache-Control", "no-store")


def test_metrics__parse_as_prometheus_text(sluice):
    response = sluice.get("/metrics")
    assert response.header("Content-Type").startswith("text/plain")
    values = samples(response.text)
    names = " ".join(values)
    for word in ("request", "bytes", "upload", "fiber", "stack", "chunk", "catalog", "commit"):
        assert word in names, f"nothing about {word}"


def test_metrics__after_requests__have_counted_them(sluice):
    def total(word):
        return sum(value for name, value in samples(sluice.metrics()).items()
                   if word in name and name.split("{")[0].endswith("_total"))

    before, bytes_before = total("request"), total("bytes")
    for _ in range(10):
        sluice.get("/healthz")
    sluice.put("m.bin", pattern(300_000))
    assert total("request") >= before + 11
    assert settled(lambda: total("bytes") >= bytes_before + 300_000)


def test_metrics__open_uploads__go_up_and_down(fresh):
    def open_uploads():
        values = samples(fresh.metrics())
        return sum(value for name, value in values.items()
                   if re.search(r"upload", name) and re.search(r"open|active|running", name)
                   and not name.split("{")[0].endswith("_total"))

    assert open_uploads() == 0
    connections = [fresh.connect() for _ in range(3)]
    for connection in connections:
        connection.send_head("PUT", "/open.bin", [("Content-Length", "100")])
        connection.send(b"x")
    assert settled(lambda: open_uploads() == 3)
    for connection in connections:
        connection.close()
    assert settled(lambda: open_uploads() == 0)


@pytest.mark.parametrize("base, expected", [
    ("https://files.example", "https://files.example/"),
    ("https://files.example/", "https://files.example/"),
    ("https://files.example:8443/drop", "https://files.example:8443/drop/"),
    ("http://[2001:db8::1]:80/a/b/", "http://[2001:db8::1]:80/a/b/"),
])
def test_base_url__when_set__begins_every_link(start, base, expected):
    server = start("--base-url", base)
    upload = server.put("b.txt", b"b", ("Host", "other.example"), ("X-Forwarded-Proto", "ftp"))
    assert upload.url.startswith(expected)
    assert upload.url == f"{expected}{upload.link}/b.txt"
    assert server.get(f"/{upload.link}/b.txt").body == b"b"


@pytest.mark.parametrize("field", [("X-Forwarded-Proto", "https"),
                                   ("Forwarded", "for=192.0.2.1;proto=https")])
def test_forwarded__from_a_trusted_proxy__makes_https_links(start, field):
    server = start("--trusted-proxy", "10.0.0.0/8,127.0.0.0/8")
    assert server.put("f.txt", b"f", field, ("Host", "h.example")).url.startswith(
        "https://h.example/")
    assert server.put("f.txt", b"f", ("Host", "h.example")).url.startswith("http://h.example/")


@pytest.mark.parametrize("flags", [[], ["--trusted-proxy", "10.0.0.0/8"]])
def test_forwarded__from_anybody_else__ignored(start, flags):
    server = start(*flags)
    for field in (("X-Forwarded-Proto", "https"), ("Forwarded", "proto=https;host=evil.example")):
        url = server.put("f.txt", b"f", field, ("Host", "h.example")).url
        assert url.startswith("http://h.example/")


def test_access_log__as_text__one_line_of_pairs_a_request(start):
    server = start("--log-format", "text")
    server.put("logged-name.txt", b"x")
    server.get("/no/such/thing", ("User-Agent", 'forged" status=200\tx'))
    lines = settled(lambda: [line for line in server.log().splitlines() if "404" in line])
    assert lines and re.search(r"\bstatus=404\b", lines[0])
    assert re.search(r"\bmethod=GET\b", lines[0])
    assert len(lines) == 1


def test_access_log__as_json__every_line_parses(start):
    server = start("--log-format", "json")
    server.put("j.txt", b"x")
    server.get('/%22quote%5C%0Aline?"', ("User-Agent", 'say "hi" \\'))
    server.get("/no/such/thing")
    settled(lambda: "/no/such/thing" in server.log())
    objects = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    assert any(404 in entry.values() for entry in objects)
    assert any("/no/such/thing" in map(str, entry.values()) for entry in objects)
    assert any("PUT" in entry.values() for entry in objects)


def test_access_log__off__tells_nothing_of_requests(start):
    server = start("--access-log", "off")
    server.get("/quiet/please")
    server.get("/healthz")
    assert "/quiet/please" not in server.log()


def test_log__never_holds_a_key(start):
    server = start("--log-level", "debug")
    upload = server.put("k.txt", b"k")
    server.request("DELETE", f"/{upload.link}", [("Authorization", f"Bearer {upload.key}")])
    settled(lambda: "DELETE" in server.log())
    assert upload.key not in server.log()


def test_start__says_where_to_point_a_browser(start):
    server = start()
    assert settled(lambda: server.url("/").rstrip("/") in server.log())


def test_listen__on_several_addresses__serves_all_of_them(start):
    other = free_port()
    server = start("--listen", f"127.0.0.2:{other}")
    upload = server.put("l.txt", b"l")
    with Connection(("127.0.0.2", other)) as connection:
        assert connection.request("GET", upload.target).body == b"l"
