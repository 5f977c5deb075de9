"""tus 1.0.0, HEAD and PATCH: an upload is asked for and goes on."""
import time

import pytest

from live import CHUNK, TUS
from rawhttp import ConnectionEnded, chunked
from sluice import MIB, pattern, settled
from tus import (IMF_FIXDATE, append, append_chunked, append_fields, arriving, ask, begin_append,
                 create, create_with, is_gone, metadata, offset_of, patch, post, stored_of)

NOWHERE = "/files/AAAAAAAAAAAAAAAAAAAAAA"


# ---- HEAD ----

def test_head__tells_all_that_a_sender_needs(sluice):
    field = metadata(filename="h.bin", filetype="image/png")
    upload = create_with(sluice, 10, b"abc", field)
    for method in ("HEAD", "GET"):
        response = ask(sluice, upload.path, method)
        assert response.header("Upload-Offset") == "3"
        assert response.header("Upload-Length") == "10"
        assert response.header("Upload-Defer-Length") is None
        assert response.header("Upload-Concat") is None
        assert response.header("Upload-Metadata") == field[1]
        assert IMF_FIXDATE.fullmatch(response.header("Upload-Expires"))
    append(sluice, upload.path, 3, b"defghij")
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") == "10" == response.header("Upload-Length")
    assert response.header("Upload-Metadata") == field[1]
    assert response.header("Upload-Expires") is None


@pytest.mark.parametrize("path", [NOWHERE, "/files/x", "/files/" + "A" * 23, "/files/A/B",
                                  "/files/%41AAAAAAAAAAAAAAAAAAAAA", "/files/../files"])
@pytest.mark.parametrize("method", ["HEAD", "GET", "PATCH", "DELETE"])
def test_unknown_upload__404_without_an_offset(sluice, method, path):
    fields = append_fields(0) if method == "PATCH" else [TUS]
    response = sluice.request(method, path, fields, b"abc" if method == "PATCH" else None)
    assert response.status in ((400, 404, 405, 412) if ".." in path or "/B" in path else (404,))
    assert response.header("Upload-Offset") is None


def test_link__is_no_name_of_its_upload(sluice):
    upload = create(sluice, 3)
    path = "/files/" + upload.link
    assert is_gone(sluice, path)
    assert patch(sluice, path, 0, b"abc").status == 404
    assert sluice.request("DELETE", path, [TUS]).status == 404
    assert sluice.get("/" + upload.path[-22:]).status == 404
    assert offset_of(sluice, upload.path) == 0


# ---- Bytes ----

PIECES = [[1], [0, 1, 0], [7, 512, 1], [4096, 4096, 1], [4095, 1, 4096, 5000], [16384, 16384],
          [16383, 16385, 1], [524288, 524288], [524287, 2, 524289], [1, 524288, 1048576, 3],
          [65536] * 5 + [1], [2 * MIB, 3 * MIB + 5], [3 * MIB + 4097, 1, 12288, MIB]]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("pieces", PIECES)
def test_patch__in_pieces_of_any_size__comes_back_equal(sluice, pieces, known):
    body = pattern(sum(pieces), str(pieces))
    for is_chunked in (False, True):
        upload = create(sluice, len(body) if known else None)
        offset = 0
        for count in pieces:
            piece = body[offset:offset + count]
            is_last = not known and offset + count == len(body)
            fields = [("Upload-Length", len(body))] if is_last else []
            if is_chunked:
                response = append_chunked(sluice, upload.path, offset, piece, *fields, size=50_021)
                assert response.status == 204, response
                assert response.header("Upload-Offset") == str(offset + count)
                offset += count
            else:
                offset = append(sluice, upload.path, offset, piece, *fields)
        assert sluice.get(upload.target).body == body
        assert sluice.info(upload.link)["state"] == "ready"


def test_patch__many_on_one_connection__each_tells_the_offset(sluice):
    body = pattern(200_000, "many")
    upload = create(sluice, len(body))
    with sluice.connect() as connection:
        for at in range(0, len(body), 10_000):
            response = connection.request("PATCH", upload.path, append_fields(at),
                                          body[at:at + 10_000])
            assert response.status == 204
            assert response.header("Upload-Offset") == str(at + 10_000)
            assert (response.header("Upload-Expires") is None) == (at == 190_000)
    assert sluice.get(upload.target).body == body


def test_patch__that_dribbles__comes_back_equal(sluice):
    body = pattern(1500, "dribble")
    upload = create(sluice, 1500)
    with sluice.connect() as connection:
        connection.send_head("PATCH", upload.path, append_fields(0, ("Content-Length", "1500")))
        connection.send_slowly(body, 5, 0.001)
        assert connection.response().status == 204
    assert sluice.get(upload.target).body == body


def test_patch__chunked_that_expects__as_java_clients_send_it(sluice):
    body = pattern(MIB + 5, "java")
    upload = create(sluice, len(body))
    fields = append_fields(0, ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"))
    with sluice.connect() as connection:
        connection.send_head("PATCH", upload.path, fields)
        assert connection.read_one_head().status == 100
        connection.send(chunked(body, 65_536))
        response = connection.response()
        assert response.status == 204 and response.header("Upload-Offset") == str(len(body))
    assert sluice.get(upload.target).body == body


# ---- What is refused ----

@pytest.mark.parametrize("fields, status", [
    ([CHUNK, ("Upload-Offset", "9")], 412),
    ([TUS, ("Upload-Offset", "x")], 415),
    ([TUS, ("Content-Type", "application/octet-stream"), ("Upload-Offset", "3")], 415),
    ([TUS, CHUNK], 400), *[([TUS, CHUNK, ("Upload-Offset", word)], 400) for word in
                           ["", "-1", "+3", "3.0", "0x3", "three", "3 3", "3,3"]],
    ([TUS, CHUNK, ("Upload-Offset", "3"), ("Upload-Offset", "3")], 400),
    *[([TUS, CHUNK, ("Upload-Offset", word)], 409) for word in
      ["0", "2", "4", "10", "11", "9223372036854775807"]]])
def test_patch__refused__before_its_body_and_nothing_changes(sluice, fields, status):
    upload = create_with(sluice, 10, b"abc")
    with sluice.connect() as connection:
        connection.send_head("PATCH", upload.path, [*fields, ("Content-Length", "3"),
                                                    ("Expect", "100-continue")])
        response = connection.response()
    assert response.status == status and response.interim == [], response
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") == "3" and response.header("Upload-Length") == "10"
    append(sluice, upload.path, 3, b"defghij")
    assert sluice.get(upload.target).body == b"abcdefghij"


def test_patch__of_an_unknown_upload__is_refused_for_its_form_first(sluice):
    for fields, status in [([CHUNK], 412), ([TUS], 415), ([TUS, CHUNK], 400),
                           ([TUS, CHUNK, ("Upload-Offset", "0")], 404)]:
        assert sluice.request("PATCH", NOWHERE, fields, b"abc").status == status


def test_patch__longer_than_what_remains__413(sluice):
    upload = create_with(sluice, 10, b"abc")
    with sluice.connect() as connection:
        connection.send_head("PATCH", upload.path, append_fields(
            3, ("Content-Length", "8"), ("Expect", "100-continue")))
        response = connection.response()
        assert response.status == 413 and response.interim == []
    assert stored_of(sluice, upload.path) == 3
    assert append_chunked(sluice, upload.path, 3, b"defghijk", size=3).status == 413
    offset = offset_of(sluice, upload.path)
    assert 3 <= offset <= 10
    if offset < 10:
        append(sluice, upload.path, offset, b"abcdefghij"[offset:])
    assert sluice.get(upload.target).body == b"abcdefghij"


def test_patch__at_the_end_of_a_complete_upload__204_and_elsewhere_409(sluice):
    upload = create_with(sluice, 3, b"abc")
    for body in (b"", b"more", b"x" * 100_000):
        response = patch(sluice, upload.path, 3, body)
        assert response.status in ((204,) if not body else (204, 413)), response
        if response.status == 204:
            assert response.header("Upload-Offset") == "3"
        assert patch(sluice, upload.path, 0, body).status == 409
    assert offset_of(sluice, upload.path) == 3
    assert sluice.get(upload.target).body == b"abc"


def test_patch__without_bytes_at_the_right_offset__204(sluice):
    upload = create_with(sluice, 10, b"abc")
    response = patch(sluice, upload.path, 3, b"")
    assert response.status == 204 and response.header("Upload-Offset") == "3"
    assert append_chunked(sluice, upload.path, 3, b"").status == 204
    assert offset_of(sluice, upload.path) == 3


# ---- Deferred length ----

def test_length__told_with_the_first_bytes__completes_with_the_last(sluice):
    upload = create(sluice, None)
    append(sluice, upload.path, 0, b"abc", ("Upload-Length", "6"))
    assert ask(sluice, upload.path).header("Upload-Length") == "6"
    assert patch(sluice, upload.path, 3, b"defg").status == 413
    append(sluice, upload.path, 3, b"def")
    assert sluice.get(upload.target).body == b"abcdef"


def test_length__told_by_a_request_without_bytes__completes(sluice):
    upload = create(sluice, None)
    append(sluice, upload.path, 0, b"abc")
    assert sluice.info(upload.link)["state"] != "ready"
    append(sluice, upload.path, 3, b"", ("Upload-Length", "3"))
    assert ask(sluice, upload.path).header("Upload-Length") == "3"
    assert sluice.get(upload.target).body == b"abc"
    upload = create(sluice, None)
    append(sluice, upload.path, 0, b"", ("Upload-Length", "0"))
    assert sluice.get(upload.target).body == b""


@pytest.mark.parametrize("known", [None, 10])
@pytest.mark.parametrize("word", ["2", "", "-1", "x", "11", "9", "4"])
def test_length__that_is_none_or_another_than_before__400(sluice, known, word):
    upload = create_with(sluice, known, b"abcde")
    if known is None and word in ("11", "9"):
        append(sluice, upload.path, 5, b"", ("Upload-Length", "10"))
    response = patch(sluice, upload.path, 5, b"fgh", ("Upload-Length", word))
    assert response.status == 400, response
    assert offset_of(sluice, upload.path) == 5
    append(sluice, upload.path, 5, b"fghij", *([] if known or word in ("11", "9") else
                                               [("Upload-Length", "10")]))
    assert sluice.get(upload.target).body == b"abcdefghij"


def test_length__shorter_than_the_body_beside_it__413(sluice):
    upload = create_with(sluice, None, b"abc")
    assert patch(sluice, upload.path, 3, b"defg", ("Upload-Length", "6")).status in (400, 413)
    assert offset_of(sluice, upload.path) == 3


# ---- Bodies that break ----

@pytest.mark.parametrize("size", [10 * MIB, None])
@pytest.mark.parametrize("sent", [0, 1, 4095, 16_384, 600_001, 3 * MIB])
def test_broken_off__what_came_is_kept(sluice, size, sent):
    body = pattern(10 * MIB, "broken")
    upload = create_with(sluice, len(body), body[:1001])
    offset = 1001
    for ending in ("close", "reset"):
        count = None if size is None else size - offset
        connection = begin_append(sluice, upload.path, offset, count, body[offset:offset + sent])
        arriving(sluice, upload.link, offset + sent)
        connection.reset() if ending == "reset" else connection.close()
        assert settled(lambda: sluice.info(upload.link)["state"] == "waiting", every=0.005)
        assert offset_of(sluice, upload.path) == offset + sent
        offset += sent
    append(sluice, upload.path, offset, body[offset:])
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("garbage", [b"zz\r\n", b"5\r\nabcdeX", b"-1\r\n", b"5\nabcde\r\n"])
def test_malformed_chunk__what_came_before_is_kept(sluice, garbage):
    upload = create(sluice, 10)
    with begin_append(sluice, upload.path, 0, None, b"abc") as connection:
        connection.send(garbage)
        try:
            assert connection.response().status not in (204, 404, 409, 410)
        except ConnectionEnded:
            pass
    offset = offset_of(sluice, upload.path)
    assert 3 <= offset <= 8
    append(sluice, upload.path, offset, b"abcdefghij"[offset:])
    assert sluice.get(upload.target).body[:3] == b"abc"


@pytest.mark.parametrize("size", [10, None])
def test_half_closed__never_an_answer_that_makes_clients_give_up(sluice, size):
    upload = create(sluice, 10)
    with begin_append(sluice, upload.path, 0, size, b"abc") as connection:
        connection.sock.shutdown(1)
        try:
            assert connection.response().status >= 500
        except ConnectionEnded:
            pass
    assert offset_of(sluice, upload.path) == 3


def test_silence__ends_the_request_and_keeps_what_came(start):
    server = start("--body-idle", "300ms")
    slow, silent = create(server, 30), create(server, 10)
    with begin_append(server, silent.path, 0, 10, b"abc") as connection:
        with server.connect() as other:
            other.send_head("PATCH", slow.path, append_fields(0, ("Content-Length", "30")))
            other.send_slowly(b"x" * 30, 1, 0.03)  # moves, so that it may take longer than that
            assert other.response().status == 204
        try:
            assert connection.response().status >= 500
        except ConnectionEnded:
            pass
    assert offset_of(server, silent.path) == 3
    assert server.get(slow.target).body == b"x" * 30


def test_sigterm__while_one_is_sending__keeps_what_came(start):
    body = pattern(3 * MIB, "term")
    server = start("--grace", "200ms")
    upload = create(server, len(body))
    with begin_append(server, upload.path, 0, len(body), body[:2 * MIB + 1]) as connection:
        assert settled(lambda: server.info(upload.link)["received"] > 2 * MIB)
        server.stop()
        try:
            assert connection.response().status == 503
        except ConnectionEnded:
            pass
    again = start(data=server.data)
    assert offset_of(again, upload.path) == 2 * MIB + 1
    append(again, upload.path, 2 * MIB + 1, body[2 * MIB + 1:])
    assert again.get(upload.target).body == body


def test_pipelined__patches_behind_one_another__all_count(sluice):
    upload = create(sluice, 9)
    with sluice.connect() as connection:
        for at in (0, 3, 6):
            # Not as its body: of that it sends no more once an answer is there.
            connection.send_request("PATCH", upload.path,
                                    [*append_fields(at), ("Content-Length", "3")])
            connection.send(b"abcdefghi"[at:at + 3])
        for at in (3, 6, 9):
            assert connection.response().header("Upload-Offset") == str(at)
    assert sluice.get(upload.target).body == b"abcdefghi"


def test_many_uploads__at_once_on_one_connection_each__do_not_mix(sluice):
    bodies = [pattern(150_000, f"mix {number}") for number in range(8)]
    uploads = [create(sluice, 150_000) for _ in bodies]
    connections = [begin_append(sluice, upload.path, 0, 150_000, b"") for upload in uploads]
    for at in range(0, 150_000, 30_000):
        for connection, body in zip(connections, bodies):
            connection.send(body[at:at + 30_000])
        time.sleep(0.005)
    for connection, upload, body in zip(connections, uploads, bodies):
        assert connection.response().status == 204
        connection.close()
        assert sluice.get(upload.target).body == body


def test_post__to_an_upload_without_an_override__405(sluice):
    upload = create(sluice, 3)
    response = post(sluice, CHUNK, ("Upload-Offset", "0"), body=b"abc", target=upload.path)
    assert response.status == 405 and "PATCH" in response.header("Allow")
    assert offset_of(sluice, upload.path) == 0
