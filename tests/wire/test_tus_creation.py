"""tus 1.0.0, every request and "Creation", "Creation With Upload": an upload begins."""
import time

import pytest

from live import CHUNK, TUS
from rawhttp import chunked
from sluice import MIB, digest_of, link_parts, pattern, settled
from tus import (DEFERRED, IMF_FIXDATE, append, ask, create, create_with, created, encoded, is_cut,
                 is_gone, metadata, offset_of, patch, post)

NOWHERE = "/files/AAAAAAAAAAAAAAAAAAAAAA"
EXTENSIONS = {"creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum",
              "checksum-trailer", "termination", "concatenation"}


# ---- Every request ----

@pytest.mark.parametrize("method, target, fields", [
    ("OPTIONS", "/files/", []), ("OPTIONS", "/files", []), ("OPTIONS", NOWHERE, []),
    ("POST", "/files/", [("Upload-Length", "no number")]), ("POST", "/files/", []),
    ("POST", "/files/", [("Tus-Resumable", "0.1.0")]), ("HEAD", NOWHERE, [TUS]),
    ("GET", NOWHERE, [TUS]), ("PATCH", NOWHERE, [TUS]), ("DELETE", NOWHERE, [TUS]),
    ("PATCH", NOWHERE, [TUS, CHUNK, ("Upload-Offset", "0")]), ("POST", NOWHERE, [TUS])])
def test_answer__of_whatever_status__has_the_version(sluice, method, target, fields):
    response = sluice.request(method, target, fields, b"" if method == "PATCH" else None)
    assert response.header("Tus-Resumable") == "1.0.0", response
    assert response.header("Upload-Offset") is None


@pytest.mark.parametrize("version", [[], [("Tus-Resumable", "0.2.2")], [("Tus-Resumable", "1.0")],
                                     [("Tus-Resumable", "")], [("Tus-Resumable", "1.0.0, 1.0.0")]])
def test_other_version__412_and_nothing_is_processed(sluice, version):
    def assert_refused(response):
        assert response.status == 412 and response.header("Tus-Version") == "1.0.0", response

    assert_refused(sluice.request("POST", "/files/", [*version, ("Upload-Length", "3")]))
    upload = create(sluice, 3)
    assert_refused(sluice.request("PATCH", upload.path, [*version, CHUNK, ("Upload-Offset", "0")],
                                 b"abc"))
    if version:
        assert_refused(sluice.request("DELETE", upload.path, version))
    assert offset_of(sluice, upload.path) == 0


@pytest.mark.parametrize("version", [[], [("Tus-Resumable", "0.2.2")]])
def test_asking__with_any_version__answered(sluice, version):
    upload = create_with(sluice, 10, b"abc")
    for method in ("HEAD", "GET"):
        response = sluice.request(method, upload.path, version)
        assert response.status in (200, 204) and response.header("Upload-Offset") == "3"
    assert sluice.request("OPTIONS", upload.path, version).status in (200, 204)


def test_field_names__of_all_answers__are_spelled_as_in_the_specification(sluice):
    upload = create_with(sluice, 10, b"abc", metadata(filename="a"))
    responses = [upload.response, ask(sluice, upload.path), patch(sluice, upload.path, 3, b"d"),
                 sluice.request("OPTIONS", "/files/")]
    names = {name for response in responses for name, _ in response.fields}
    assert {"Location", "Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Metadata",
            "Upload-Expires", "Tus-Version", "Tus-Extension", "Tus-Checksum-Algorithm"} <= names


@pytest.mark.parametrize("target", ["/files", "/files/", NOWHERE])
def test_options__tells_version_extensions_and_algorithms(sluice, target):
    response = sluice.request("OPTIONS", target, [("Tus-Resumable", "0.1")])
    assert response.status in (200, 204)
    assert "1.0.0" in response.header("Tus-Version").split(",")
    assert EXTENSIONS <= set(response.header("Tus-Extension").split(","))
    assert {"sha1", "sha256", "crc32c"} <= set(response.header("Tus-Checksum-Algorithm").split(","))
    assert response.header("Tus-Max-Size") is None


def test_override__of_post__is_the_method(sluice):
    upload = create(sluice, 6)

    def override(method, *fields, body=None):
        return post(sluice, ("X-HTTP-Method-Override", method), *fields, body=body,
                    target=upload.path)

    response = override("PATCH", CHUNK, ("Upload-Offset", "0"), body=b"abc")
    assert response.status == 204 and response.header("Upload-Offset") == "3"
    response = override("HEAD")
    assert response.status == 200 and response.header("Upload-Offset") == "3"
    assert override("DELETE").status == 204
    assert is_gone(sluice, upload.path)


@pytest.mark.parametrize("method, word", [("GET", "DELETE"), ("HEAD", "DELETE"), ("POST", "PUT"),
                                          ("POST", "GET"), ("POST", "OPTIONS"), ("POST", "x")])
def test_override__of_others_or_to_others__is_none(sluice, method, word):
    upload = create(sluice, 6)
    response = sluice.request(method, upload.path, [TUS, ("X-HTTP-Method-Override", word)])
    assert response.status == (405 if method == "POST" else 200)
    assert offset_of(sluice, upload.path) == 0


@pytest.mark.parametrize("target", ["/files", "/files/"])
def test_creation__tells_where_the_upload_and_its_link_are(sluice, target):
    response = post(sluice, ("Upload-Length", "3"), metadata(filename="a b.txt"), target=target)
    upload = created(response)
    assert response.header("Location") == sluice.url(upload.path)
    assert response.header("Sluice-Link") == sluice.url(f"/{upload.link}/a%20b.txt")
    assert IMF_FIXDATE.fullmatch(response.header("Upload-Expires"))
    assert upload.key and len({upload.key, upload.link, upload.path[-22:]}) == 3
    append(sluice, upload.path, 0, b"abc")
    assert sluice.get(upload.target).body == b"abc"
    key = ("Authorization", f"Bearer {upload.key}")
    answer = sluice.request("DELETE", f"/{upload.link}", [key])
    assert answer.status == 204 and is_gone(sluice, upload.path)


def test_location__behind_proxies__begins_as_clients_see_it(start, sluice, tmp_path):
    believed = [("Forwarded", 'proto=https;host="up.example:8443"')]
    customary = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "x.example")]
    proxied = start("--trusted-proxy", "127.0.0.1/32")
    named = start("--base-url", "https://b.example/f", data=tmp_path / "named")
    for server, fields, base in [(proxied, believed, "https://up.example:8443"),
                                 (proxied, [], proxied.url("")),
                                 (proxied, customary, "https://x.example"),
                                 (sluice, believed, sluice.url("")),
                                 (named, believed, "https://b.example/f")]:
        location = post(server, ("Upload-Length", "1"), *fields).header("Location")
        assert location.startswith(base + "/files/"), location


# ---- Length ----

@pytest.mark.parametrize("fields", [
    [], [("Upload-Length", "5"), DEFERRED], *[[("Upload-Length", word)] for word in
                                             ["-1", "+5", "five", "1.5", "0x10", "", "5 5", "5,5"]],
    *[[("Upload-Defer-Length", word)] for word in ["0", "2", "", "true", "11"]],
    [("Upload-Length", "5"), ("Upload-Length", "5")],
    [("Upload-Length", "5"), ("Upload-Length", "6")]])
def test_creation__without_exactly_one_length__400(sluice, fields):
    assert post(sluice, *fields).status == 400


@pytest.mark.parametrize("word", ["9223372036854775808", "18446744073709551616", "9" * 40])
def test_creation__of_a_size_that_no_file_has__413(sluice, word):
    assert post(sluice, ("Upload-Length", word)).status == 413


def test_creation__above_the_bound__413_before_the_body(start):
    server = start("--max-size", "1000")
    assert server.request("OPTIONS", "/files/").header("Tus-Max-Size") == "1000"
    with server.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, ("Upload-Length", "1001"),
                                                 ("Content-Length", "1001"),
                                                 ("Expect", "100-continue")])
        response = connection.response()
        assert response.status == 413 and response.interim == []
        assert response.header("Tus-Resumable") == "1.0.0"
    upload = create(server, 1000)
    append(server, upload.path, 0, pattern(1000))
    assert server.get(upload.target).body == pattern(1000)
    upload = create(server, None)
    assert patch(server, upload.path, 0, b"", ("Upload-Length", "1001")).status in (400, 413)
    assert patch(server, upload.path, 0, pattern(1001)).status == 413
    assert offset_of(server, upload.path) <= 1000


def test_creation__of_no_bytes__is_complete(sluice):
    upload = create(sluice, 0, metadata(filename="empty.txt"))
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") == "0" == response.header("Upload-Length")
    assert response.header("Upload-Expires") is None
    assert sluice.get(upload.target).status == 200
    assert sluice.info(upload.link)["state"] == "ready"


def test_creation__of_deferred_length__told_until_it_is_known(sluice):
    upload = create(sluice, None)
    response = ask(sluice, upload.path)
    assert response.header("Upload-Defer-Length") == "1"
    assert response.header("Upload-Length") is None and response.header("Upload-Offset") == "0"
    append(sluice, upload.path, 0, b"abc", ("Upload-Length", "6"))
    response = ask(sluice, upload.path)
    assert response.header("Upload-Defer-Length") is None
    assert response.header("Upload-Length") == "6"


# ---- Metadata ----

@pytest.mark.parametrize("field, name", [
    (f"filename {encoded('film.mkv')}", "film.mkv"),
    (f"fileName {encoded('photo.jpg')}, filetype {encoded('image/jpeg')}", "photo.jpg"),
    (f"name {encoded('ü 1.txt')},type {encoded('text/plain')},relativePath {encoded('null')}",
     "ü 1.txt"),
    (f"filename {encoded('../../etc/passwd')}", "passwd"),
    (f"filename {encoded('C:dir' + chr(92) + 'x.doc')}", "x.doc"), ("filename", "file"),
    ("filename ", "file"), (f"filename {encoded('.')}", "file"),
    (f"a,b ,filename {encoded('c')}", "c"), (f"x {encoded('y')}", "file")])
def test_metadata__names_the_file_and_is_told_as_it_was_sent(sluice, field, name):
    upload = create_with(sluice, 3, b"abc", ("Upload-Metadata", field))
    assert link_parts(upload.response.header("Sluice-Link"))[2] == name
    assert ask(sluice, upload.path).header("Upload-Metadata") == field.strip()
    assert sluice.info(upload.link)["name"] == name


@pytest.mark.parametrize("key", ["filetype", "type", "contentType"])
def test_metadata__type__is_that_of_the_download(sluice, key):
    upload = create_with(sluice, 3, b"abc", ("Upload-Metadata", f"{key} {encoded('video/webm')}"))
    assert sluice.get(upload.target).header("Content-Type") == "video/webm"


@pytest.mark.parametrize("field", [
    "filename !!!!", "filename YQ", "filename YQ== x", "a YQ==,a YQ==", " YQ==,,b YQ==", "a  YQ==",
    "a YQ=", "a Y Q==", f"filename {encoded(b'a' + bytes([10]) + b'b')}",
    f"filename {encoded(bytes([255, 254]))}"])
def test_metadata__malformed__400(sluice, field):
    assert post(sluice, ("Upload-Length", "3"), ("Upload-Metadata", field)).status == 400


def test_metadata__too_long__refused_and_at_the_bound_taken(sluice):
    filler = "k " + "QUFB" * 1023
    upload = create(sluice, 3, ("Upload-Metadata", filler))
    assert ask(sluice, upload.path).header("Upload-Metadata") == filler
    assert post(sluice, ("Upload-Length", "3"),
                ("Upload-Metadata", filler + "QUFB")).status in (400, 413, 431)


# ---- Options ----

@pytest.mark.parametrize("fields, days, most", [
    ([metadata(max_downloads="2", sluice_expires="2d")], 2, 2),
    ([metadata(max_days="3")], 3, None), ([("Max-Days", "4"), metadata(max_days="3")], 4, None),
    ([("Max-Downloads", "5"), ("Sluice-Expires", "1d")], 1, 5),
    ([("Max-Downloads", "5"), metadata(max_downloads="6")], None, 5),
    ([("Max-Days", "2"), metadata(sluice_expires="9d")], 2, None)])
def test_options__as_fields_or_in_the_metadata__hold_for_the_link(sluice, fields, days, most):
    upload = create_with(sluice, 3, b"abc", *fields)
    info = sluice.info(upload.link)
    assert info["downloads_max"] == most
    if days is None:
        assert info["expires"] is None
    else:
        due = time.time() + days * 86400
        day = [time.strftime("%Y-%m-%d", time.gmtime(due - slack)) for slack in (0, 60)]
        assert info["expires"][:10] in day


@pytest.mark.parametrize("field", [
    ("Max-Downloads", "0"), ("Max-Days", "x"), ("Sluice-Expires", "never"), ("Repr-Digest", "!"),
    metadata(max_downloads="-1"), metadata(max_days="0"), metadata(sluice_expires="2001-01-01"),
    metadata(repr_digest="sha-256=:abc:")])
def test_options__malformed__400(sluice, field):
    assert post(sluice, ("Upload-Length", "3"), field).status == 400


@pytest.mark.parametrize("as_field", [True, False])
def test_digest__told_at_creation__decides_at_the_end(sluice, as_field):
    body = pattern(300_000, "digest")
    for digest, is_right in [(digest_of(body), True), (digest_of(b"other"), False)]:
        field = ("Repr-Digest", digest) if as_field else metadata(repr_digest=digest)
        upload = create(sluice, len(body), field)
        append(sluice, upload.path, 0, body[:100_001])
        response = patch(sluice, upload.path, 100_001, body[100_001:])
        if is_right:
            assert response.status == 204 and sluice.get(upload.target).body == body
        else:
            assert response.status in (400, 460), response
            assert is_gone(sluice, upload.path)
            assert sluice.get(upload.target).status in (404, 410)


# ---- With bytes ----

@pytest.mark.parametrize("size, sent", [
    (3, 3), (10, 4), (10, 0), (0, 0), (2 * MIB + 1, 2 * MIB + 1), (2 * MIB, 1_234_567), (None, 5),
    (None, 0), (None, MIB)])
def test_creation_with_bytes__tells_how_many_are_there(sluice, size, sent):
    body = pattern(size or MIB, "with")
    for framing in ([], [("Transfer-Encoding", "chunked")]):
        data = chunked(body[:sent], 5000) if framing else body[:sent]
        upload = create_with(sluice, size, data, *framing)
        assert upload.response.header("Upload-Offset") == str(sent)
        assert offset_of(sluice, upload.path) == sent
        if sent != size:
            append(sluice, upload.path, sent, body[sent:], *([] if size else [
                ("Upload-Length", len(body))]))
        assert sluice.get(upload.target).body == body[:len(body) if size != 0 else 0]


@pytest.mark.parametrize("content_type", [[], [("Content-Type", "application/octet-stream")]])
def test_creation__with_a_body_of_another_type__takes_none_of_it(sluice, content_type):
    upload = created(post(sluice, ("Upload-Length", "3"), *content_type, body=b"abc"))
    assert upload.response.header("Upload-Offset") is None
    assert offset_of(sluice, upload.path) == 0


def test_creation_with_bytes__longer_than_the_upload__413_and_nothing_is_left(fresh):
    with fresh.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, ("Upload-Length", "10"),
                                                 ("Content-Length", "11"),
                                                 ("Expect", "100-continue")])
        response = connection.response()
        assert response.status == 413 and response.interim == []
    assert post(fresh, CHUNK, ("Upload-Length", "10"), ("Transfer-Encoding", "chunked"),
                body=chunked(b"x" * 11)).status == 413
    assert settled(lambda: not fresh.stored())


def test_creation_with_bytes__that_expects__gets_100_when_it_is_welcome(sluice):
    with sluice.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, ("Upload-Length", "3"),
                                                 ("Content-Length", "3"),
                                                 ("Expect", "100-continue")])
        assert connection.read_one_head().status == 100
        connection.send(b"abc")
        upload = created(connection.response())
    assert sluice.get(upload.target).body == b"abc"
    with sluice.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, ("Content-Length", "3"),
                                                 ("Expect", "100-continue")])
        response = connection.response()
        assert response.status == 400 and response.interim == []


def test_creation_with_bytes__that_end_early__keeps_what_came_if_it_can_be_told(sluice):
    with sluice.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, ("Upload-Length", "10"),
                                                 ("Content-Length", "10")])
        connection.send(b"abcd")
        connection.sock.shutdown(1)
        try:
            response = connection.response()
        except AssertionError:
            return
    upload = created(response)
    assert response.header("Upload-Offset") == "4" and offset_of(sluice, upload.path) == 4
    append(sluice, upload.path, 4, b"efghij")
    assert sluice.get(upload.target).body == b"abcdefghij"


# ---- Limits ----

def test_uploads_of_one_address__too_many_at_once__429_with_retry_after(start):
    server = start("--uploads-per-address", "2")
    uploads = [create(server, 10) for _ in range(6)]
    held = []
    for upload in uploads[:2]:
        held.append(server.connect())
        held[-1].send_head("PATCH", upload.path, [TUS, CHUNK, ("Upload-Offset", "0"),
                                                  ("Content-Length", "10")])
        held[-1].send(b"abc")
    assert settled(lambda: all(server.info(upload.link)["received"] == 3
                               for upload in uploads[:2]))
    for response in (post(server, ("Upload-Length", "10")), patch(server, uploads[2].path, 0, b"")):
        assert response.status in (429, 503) and int(response.header("Retry-After")) > 0
    newer = patch(server, uploads[0].path, 3, b"defghij")
    assert is_cut(held[0])
    held[1].close()
    assert newer.status == 204, "whoever takes over needs no place of its own"
    assert settled(lambda: patch(server, uploads[2].path, 0, b"x" * 10).status == 204)
