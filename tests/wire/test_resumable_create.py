"""Resumable Uploads for HTTP: creating an upload by sending it."""
import json

import pytest

from rawhttp import chunked
from resumable import LAST, MORE, VERSION, append, ask, begin, problem_of, upload_target
from sluice import MIB, link_parts, pattern, settled, uploaded


@pytest.mark.parametrize("size", [0, 1, 4096, 70_001, 3 * MIB + 5])
@pytest.mark.parametrize("version", [None, 5, 6, 8, 9])
def test_create__all_bytes_at_once__answered_like_a_plain_put(sluice, size, version):
    body = pattern(size, "whole")
    fields = [LAST] + ([("Upload-Draft-Interop-Version", str(version))] if version else [])
    response = sluice.request("PUT", "/whole.bin", fields, body)
    upload = uploaded(response)
    assert response.text == upload.url + "\n" and upload.name == "whole.bin" and upload.key
    assert response.header("Upload-Complete") == "?1"
    assert response.header("Upload-Offset") == str(size)
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("way", ["put", "post", "files"])
def test_create__by_each_way_in__works_the_same(sluice, way):
    method, target = {
        "put": ("PUT", "/w.txt"), "post": ("POST", "/"), "files": ("POST", "/files/")}[way]
    fields = [LAST, ("Content-Disposition", 'inline; filename="w.txt"')]
    upload = uploaded(sluice.request(method, target, fields, b"way in"))
    assert upload.name == "w.txt"
    assert sluice.get(upload.target).body == b"way in"


def test_create__chunked_and_whole__stored(sluice):
    body = pattern(300_000, "chunked")
    fields = [LAST, ("Transfer-Encoding", "chunked")]
    upload = uploaded(sluice.request("PUT", "/c.bin", fields, chunked(body, 9000)))
    assert upload.response.header("Upload-Offset") == "300000"
    assert sluice.get(upload.target).body == body


def test_create__first_piece__tells_where_the_upload_and_the_link_are(sluice):
    target, response = begin(sluice, "piece.bin", b"first ", ("Upload-Length", "12"))
    assert "max-age=" in response.header("Upload-Limit")
    assert response.header("Sluice-Key") and response.body == b""
    _, link, name = link_parts(response.header("Sluice-Link"))
    assert name == "piece.bin"
    done = append(sluice, target, 6, b"second", complete=True)
    assert done.status == 201 and link_parts(done.header("Location"))[1] == link
    assert sluice.get(f"/{link}/piece.bin").body == b"first second"


def test_create__nothing_but_a_url_asked__offset_0(sluice):
    target, response = begin(sluice, "later.bin")
    offset, complete, told = ask(sluice, target)
    assert (offset, complete) == (0, False)
    assert told.header("Upload-Length") is None
    assert append(sluice, target, 0, b"bytes", complete=True).status == 201


def test_create__of_unknown_length__told_later(sluice):
    target, _ = begin(sluice, "", b"abc")
    assert ask(sluice, target)[2].header("Upload-Length") is None
    append(sluice, target, 3, b"def", ("Upload-Length", "9"))
    assert ask(sluice, target)[2].header("Upload-Length") == "9"


def test_create__with_a_known_version__104_before_the_body_is_sent(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/early.bin", [LAST, VERSION, ("Content-Length", "5")])
        interim = connection.read_one_head()
        assert interim.status == 104 and interim.reason == "Upload Resumption Supported"
        assert interim.header("Upload-Draft-Interop-Version") == "9"
        assert "max-age=" in interim.header("Upload-Limit")
        _, link, name = link_parts(interim.header("Sluice-Link"))
        assert name == "early.bin" and sluice.request("HEAD", f"/{link}").status == 200
        target = upload_target(interim)
        assert ask(sluice, target, method="GET")[:2] == (0, False)
        connection.send(b"early")
        final = connection.response()
        upload = uploaded(final)
        assert upload.link == link and upload.key == interim.header("Sluice-Key")
    assert ask(sluice, target)[:2] == (5, True)


def test_create__104__is_exactly_these_lines(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/raw", [LAST, VERSION, ("Content-Length", "1")])
        while b"\r\n\r\n" not in connection.buffer:
            connection._fill("a 104")
        lines = bytes(connection.buffer).decode("ascii").split("\r\n")
        connection.send(b"x")
    assert lines[0] == "HTTP/1.1 104 Upload Resumption Supported"
    assert [line.split(":")[0] for line in lines[1:] if line] == [
        "Upload-Draft-Interop-Version", "Location", "Upload-Limit", "Sluice-Link", "Sluice-Key"]


@pytest.mark.parametrize("version", ["3", "4", "7", "10", "99", "nine", "9.0", ""])
def test_create__with_an_unknown_version__no_104_and_newest_ways(sluice, version):
    fields = [MORE, ("Upload-Draft-Interop-Version", version)]
    response = sluice.request("PUT", "/unknown.bin", fields, b"abc")
    assert response.status == 201 and response.interim == []
    assert "max-age=" in response.header("Upload-Limit")


def test_create__by_http_1_0__no_104(sluice):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/old.bin", [LAST, VERSION], b"old", version="HTTP/1.0")
        response = connection.response()
        assert response.interim == [] and response.status == 201


def test_create__waiting_for_100__gets_104_and_100(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/e.bin", [
            LAST, VERSION, ("Content-Length", "3"), ("Expect", "100-continue")])
        assert [connection.read_one_head().status for _ in range(2)] == [104, 100]
        connection.send(b"abc")
        assert connection.response().status == 201


@pytest.mark.parametrize("value", ["1", "true", "?2", "?1, ?1", ""])
def test_create__malformed_upload_complete__is_a_plain_upload(sluice, value):
    response = sluice.request("PUT", "/plain.bin", [("Upload-Complete", value), VERSION], b"plain")
    assert uploaded(response).name == "plain.bin"
    assert response.interim == [] and response.header("Upload-Complete") is None


@pytest.mark.parametrize("complete, length, body", [
    (LAST, "4", b"abc"), (LAST, "2", b"abc"), (MORE, "2", b"abc"), (LAST, "1", b"")])
def test_create__lengths_that_contradict__400_and_nothing_made(fresh, complete, length, body):
    response = fresh.request("PUT", "/l.bin", [complete, ("Upload-Length", length), VERSION], body)
    problem_of(response, 400, "inconsistent-upload-length")
    assert response.interim == [] and settled(lambda: not fresh.stored())


@pytest.mark.parametrize("fields", [
    [("Sluice-Expires", "soon")], [("Max-Downloads", "many")],
    [("Repr-Digest", "sha-256=:x")], [("Content-Digest", "sha-256=x")],
    [("Content-Range", "bytes 0-2/10")]])
def test_create__with_fields_that_are_wrong__400_and_no_104(sluice, fields):
    response = sluice.request("PUT", "/w.bin", [LAST, VERSION, *fields], b"abc")
    assert response.status == 400 and response.interim == []


def test_create__larger_than_the_limit__413_with_the_limit(start):
    server = start("--max-size", "1MiB")
    fields = [MORE, VERSION, ("Upload-Length", str(MIB + 1))]
    response = server.request("PUT", "/big.bin", fields, b"abc")
    assert response.status == 413 and response.interim == []
    assert f"max-size={MIB}" in response.header("Upload-Limit")


def test_create__that_grows_over_the_limit__413_and_the_upload_is_no_more(start):
    server = start("--max-size", "1MiB")
    body = chunked(pattern(2 * MIB), 65_536)
    fields = [MORE, VERSION, ("Transfer-Encoding", "chunked")]
    with server.connect() as connection:
        connection.send_request("PUT", "/big.bin", fields, body)
        response = connection.response()
    assert response.status == 413 and f"max-size={MIB}" in response.header("Upload-Limit")
    assert server.request("HEAD", upload_target(response.interim[0])).status == 404
    assert settled(lambda: not server.stored())


def test_create__terms__hold_for_the_link(sluice):
    target, response = begin(sluice, "terms.txt", b"a", ("Max-Downloads", "2"),
                             ("Sluice-Expires", "1h"), ("Content-Type", "text/plain"))
    done = append(sluice, target, 1, b"b", ("Accept", "application/json"), complete=True)
    assert done.header("Content-Type") == "application/json"
    answer = json.loads(done.text)
    assert answer["size"] == 2 and answer["name"] == "terms.txt" and "key" not in answer
    info = sluice.info(answer["link"])
    assert info["type"] == "text/plain" and info["expires"]


def test_create__json_asked__has_link_size_and_key(sluice):
    response = sluice.request("PUT", "/j.txt", [LAST, ("Accept", "application/json")], b"json")
    answer = json.loads(response.text)
    assert answer["size"] == 4 and answer["state"] == "ready"
    assert answer["key"] == response.header("Sluice-Key")


def test_create__untold_and_broken_off__leaves_nothing(fresh):
    with fresh.connect() as connection:
        connection.send_head("PUT", "/gone.bin", [LAST, ("Content-Length", "900000")])
        connection.send(pattern(300_000))
        assert settled(lambda: fresh.stored())
    assert settled(lambda: not fresh.stored()), fresh.stored()
