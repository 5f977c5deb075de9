"""Resumable Uploads for HTTP: asking an upload where it stands, appending, taking it back."""
import socket

import pytest

from rawhttp import chunked
from resumable import (LAST, MORE, PARTIAL, VERSION, append, append_fields, ask, begin,
                       begin_broken, problem_of, upload_target)
from sluice import MIB, link_parts, pattern, settled, uploaded


@pytest.mark.parametrize("piece", [1, 4096, 100_003, MIB])
def test_append__in_pieces_of_any_size__comes_back_equal(sluice, piece):
    body = pattern(20 if piece == 1 else 3 * MIB + 77, piece)
    target, response = begin(sluice, "pieces.bin", body[:piece])
    with sluice.connect() as connection:
        for at in range(piece, len(body), piece):
            data = body[at:at + piece]
            complete = at + len(data) == len(body)
            done = connection.request("PATCH", target, append_fields(at, complete), data)
            assert done.status == (201 if complete else 204), done
            assert done.header("Upload-Offset") == str(at + len(data))
            assert done.header("Upload-Complete") == ("?1" if complete else "?0")
    upload = uploaded(done)
    assert done.text == upload.url + "\n" == response.header("Sluice-Link") + "\n"
    assert done.header("Sluice-Key") is None
    assert sluice.get(upload.target).body == body


def test_append__chunked__stored(sluice):
    body = pattern(400_000, "chunked")
    target, _ = begin(sluice, "c.bin", body[:1000])
    fields = append_fields(1000, True, ("Transfer-Encoding", "chunked"))
    done = sluice.request("PATCH", target, fields, chunked(body[1000:], 30_000))
    assert sluice.get(uploaded(done).target).body == body


def test_append__empty_and_last__completes(sluice):
    target, _ = begin(sluice, "done.bin", b"all of it")
    done = append(sluice, target, 9, b"", complete=True)
    assert sluice.get(uploaded(done).target).body == b"all of it"
    assert ask(sluice, target)[:2] == (9, True)


def test_append__empty_and_not_last__changes_nothing(sluice):
    target, _ = begin(sluice, "same.bin", b"abc")
    assert append(sluice, target, 3, b"").status == 204
    assert ask(sluice, target)[:2] == (3, False)


def test_append__all_bytes_there_but_not_told_last__stays_incomplete(sluice):
    target, _ = begin(sluice, "full.bin", b"abc", ("Upload-Length", "6"))
    done = append(sluice, target, 3, b"def")
    assert done.status == 204 and done.header("Upload-Complete") == "?0"
    assert ask(sluice, target)[:2] == (6, False)
    assert sluice.get(uploaded(append(sluice, target, 6, b"", complete=True)).target).body \
        == b"abcdef"


@pytest.mark.parametrize("offset", [0, 2, 4, 999_999_999_999_999])
def test_append__at_another_offset__409_with_the_right_one(sluice, offset):
    target, _ = begin(sluice, "off.bin", b"abc")
    response = append(sluice, target, offset, b"def")
    document = problem_of(response, 409, "mismatching-upload-offset")
    assert document["expected-offset"] == 3 and document["provided-offset"] == offset
    assert response.header("Upload-Offset") == "3" and response.header("Upload-Complete") == "?0"
    assert ask(sluice, target)[:2] == (3, False)


@pytest.mark.parametrize("fields, status", [
    ([("Upload-Offset", "3"), MORE], 415),
    ([("Content-Type", "text/plain"), ("Upload-Offset", "3"), MORE], 415),
    ([PARTIAL, MORE], 400),
    ([PARTIAL, ("Upload-Offset", "-3"), MORE], 400),
    ([PARTIAL, ("Upload-Offset", "three"), MORE], 400),
    ([PARTIAL, ("Upload-Offset", "3"), ("Upload-Offset", "3"), MORE], 400),
    ([PARTIAL, ("Upload-Offset", "3")], 400),
    ([PARTIAL, ("Upload-Offset", "3"), ("Upload-Complete", "1")], 400),
    ([PARTIAL, ("Upload-Offset", "3"), MORE, ("Content-Digest", "sha-256=:x")], 400),
], ids=["untyped", "type", "no-offset", "negative", "word", "twice", "no-complete", "complete",
        "digest"])
def test_append__with_fields_that_are_wrong__refused_and_nothing_appended(sluice, fields, status):
    target, _ = begin(sluice, "w.bin", b"abc")
    assert sluice.request("PATCH", target, fields, b"def").status == status
    assert ask(sluice, target)[:2] == (3, False)


def test_append__type_with_parameters_and_capitals__accepted(sluice):
    target, _ = begin(sluice, "t.bin", b"abc")
    fields = [("Content-Type", "Application/Partial-Upload; x=y"), ("Upload-Offset", "3"), LAST]
    assert sluice.request("PATCH", target, fields, b"def").status == 201


@pytest.mark.parametrize("fields, body, complete", [
    ([("Upload-Length", "11")], b"defg", False),
    ([("Upload-Length", "9")], b"def", False),
    ([], b"defg", True),
    ([("Upload-Length", "10")], b"def", True),
], ids=["other", "less", "early-end", "both"])
def test_append__length_that_contradicts__400_and_the_upload_can_go_on(
        sluice, fields, body, complete):
    target, _ = begin(sluice, "len.bin", b"abc", ("Upload-Length", "10"))
    response = append(sluice, target, 3, body, *fields, complete=complete)
    problem_of(response, 400, "inconsistent-upload-length")
    assert ask(sluice, target)[:2] == (3, False)
    assert append(sluice, target, 3, b"defghij", complete=True).status == 201


def test_append__chunked_end_before_the_length__400_and_the_bytes_are_kept(sluice):
    target, _ = begin(sluice, "short.bin", b"abc", ("Upload-Length", "10"))
    fields = append_fields(3, True, ("Transfer-Encoding", "chunked"))
    response = sluice.request("PATCH", target, fields, chunked(b"def"))
    problem_of(response, 400, "inconsistent-upload-length")
    assert response.header("Upload-Offset") == "6"
    assert ask(sluice, target)[:2] == (6, False)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_append__more_than_the_length__400_then_404(fresh, framing):
    target, response = begin(fresh, "more.bin", b"abc", ("Upload-Length", "5"))
    body, fields = pattern(100_000), append_fields(3, False)
    if framing == "chunked":
        body, fields = chunked(body), [*fields, ("Transfer-Encoding", "chunked")]
    problem_of(fresh.request("PATCH", target, fields, body), 400, "inconsistent-upload-length")
    assert fresh.request("HEAD", target).status == 404
    assert append(fresh, target, 3, b"de", complete=True).status == 404
    assert fresh.get("/" + link_parts(response.header("Sluice-Link"))[1]).status == 404
    assert settled(lambda: not fresh.stored())


def test_append__over_the_limit__413_with_the_limit_then_404(start):
    server = start("--max-size", "1MiB")
    target, _ = begin(server, "grow.bin", pattern(MIB - 10))
    response = append(server, target, MIB - 10, pattern(1000))
    assert response.status == 413 and f"max-size={MIB}" in response.header("Upload-Limit")
    assert server.request("HEAD", target).status == 404


def test_completed__append__400_completed_upload(sluice):
    target, _ = begin(sluice, "c.bin", b"abc")
    upload = uploaded(append(sluice, target, 3, b"def", complete=True))
    for offset, complete in ((6, True), (6, False), (3, True), (0, False)):
        response = append(sluice, target, offset, b"more", complete=complete)
        problem_of(response, 400, "completed-upload")
        assert response.header("Upload-Complete") == "?1"
    assert sluice.get(upload.target).body == b"abcdef"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_completed__last_answer_lost__an_empty_append_gets_it_again(sluice, framing):
    target, response = begin(sluice, "lost.bin", b"abc")
    first = append(sluice, target, 3, b"def", complete=True)
    fields, body = append_fields(6, True), b""
    if framing == "chunked":
        fields, body = [*fields, ("Transfer-Encoding", "chunked")], chunked(b"")
    again = sluice.request("PATCH", target, fields, body)
    assert again.status == 201 and again.body == first.body
    assert again.header("Location") == first.header("Location") == response.header("Sluice-Link")
    assert again.header("Upload-Complete") == "?1" and again.header("Upload-Offset") == "6"
    assert again.header("Sluice-Key") is None


def test_completed__at_creation_and_answer_lost__told_again(sluice):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/whole.bin", [LAST, VERSION], b"whole")
        response = connection.response()
    target = upload_target(response.interim[0])
    again = append(sluice, target, 5, b"", complete=True)
    assert again.status == 201 and again.body == response.body


def test_completed__after_a_restart__still_told(start):
    server = start()
    target, _ = begin(server, "r.bin", b"abc")
    first = append(server, target, 3, b"def", complete=True)
    server.stop()
    again = start(data=server.data)
    assert ask(again, target)[:2] == (6, True)
    told = append(again, target, 6, b"", complete=True)
    assert link_parts(told.text.strip())[1] == link_parts(first.text.strip())[1]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_ask__incomplete__both_families_of_fields(sluice, method):
    target, _ = begin(sluice, "ask.bin", b"abc", ("Upload-Length", "10"))
    offset, complete, response = ask(sluice, target, method=method)
    assert (offset, complete) == (3, False)
    assert response.header("Upload-Length") == "10"
    assert "max-age=" in response.header("Upload-Limit")
    assert response.header("Tus-Resumable") == "1.0.0"
    assert response.header("Upload-Expires").endswith(" GMT")


def test_ask__complete__no_end_of_life(sluice):
    target, _ = begin(sluice, "ask.bin", b"abc")
    append(sluice, target, 3, b"def", complete=True)
    _, complete, response = ask(sluice, target)
    assert complete and response.header("Upload-Length") == "6"
    assert response.header("Upload-Expires") is None
    assert "max-age" not in response.header("Upload-Limit")


@pytest.mark.parametrize("method", ["HEAD", "GET", "PATCH", "DELETE"])
def test_upload__that_never_was__404(sluice, method):
    fields = append_fields(0, False) if method == "PATCH" else []
    body = b"abc" if method == "PATCH" else None
    response = sluice.request(method, "/files/" + "A" * 22, fields, body)
    assert response.status == 404 and response.header("Upload-Offset") is None


@pytest.mark.parametrize("method", ["HEAD", "GET", "PATCH", "DELETE"])
def test_upload__reached_by_its_link__404(sluice, method):
    target, response = begin(sluice, "secret.bin", b"abc")
    link = link_parts(response.header("Sluice-Link"))[1]
    fields = append_fields(3, False) if method == "PATCH" else []
    body = b"def" if method == "PATCH" else None
    assert sluice.request(method, f"/files/{link}", fields, body).status == 404
    assert ask(sluice, target)[:2] == (3, False)


def test_delete__incomplete__204_then_404_and_nothing_left(fresh):
    target, response = begin(fresh, "del.bin", pattern(100_000))
    assert fresh.request("DELETE", target).status == 204
    assert fresh.request("HEAD", target).status == 404
    assert append(fresh, target, 100_000, b"x").status == 404
    assert fresh.get("/" + link_parts(response.header("Sluice-Link"))[1]).status == 404
    assert settled(lambda: not fresh.stored())


def test_delete__complete__takes_the_link_back(fresh):
    target, _ = begin(fresh, "del.bin", b"abc")
    upload = uploaded(append(fresh, target, 3, b"def", complete=True))
    assert fresh.request("DELETE", target).status == 204
    assert fresh.request("HEAD", target).status == 404
    assert fresh.get(upload.target).status in (404, 410)


@pytest.mark.parametrize("reset", [False, True])
def test_broken_body__of_a_creation__is_kept_and_not_complete(sluice, reset):
    body = pattern(2 * MIB, "broken")
    interim = begin_broken(sluice, len(body), body[:900_001], reset=reset)
    target = upload_target(interim)
    if not reset:  # else the system may have thrown away what came
        assert settled(lambda: ask(sluice, target, method="GET")[0] == 900_001)
    offset, complete, response = ask(sluice, target)
    assert offset <= 900_001 and not complete
    assert response.header("Upload-Length") == str(len(body))
    done = append(sluice, target, offset, body[offset:], complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_broken_body__of_an_append__is_kept_and_not_complete(sluice):
    body = pattern(2 * MIB, "broken append")
    target, _ = begin(sluice, "b.bin", body[:1000])
    with sluice.connect() as connection:
        connection.send_head("PATCH", target, append_fields(
            1000, True, ("Content-Length", str(len(body) - 1000))))
        connection.send(body[1000:700_000])
    assert settled(lambda: ask(sluice, target, method="GET")[0] == 700_000)
    assert ask(sluice, target)[:2] == (700_000, False)
    done = append(sluice, target, 700_000, body[700_000:], complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_broken_body__sender_still_listens__503_with_the_offset(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/h.bin", [LAST, VERSION, ("Content-Length", "100")])
        connection.send(b"half")
        connection.sock.shutdown(socket.SHUT_WR)
        response = connection.response()
    assert response.status == 503 and response.header("Upload-Offset") == "4"
    assert response.header("Upload-Complete") == "?0"
    assert response.header("Location") == response.interim[0].header("Location")


def test_silent_sender__is_given_up_and_the_upload_kept(start):
    server = start("--body-idle", "1s")
    with server.connect() as connection:
        connection.send_head("PUT", "/s.bin", [LAST, VERSION, ("Content-Length", "100")])
        connection.send(b"then silence")
        response = connection.response()
    assert response.status == 503 and response.header("Upload-Offset") == "12"
    assert ask(server, upload_target(response.interim[0]))[:2] == (12, False)
