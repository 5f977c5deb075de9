"""Digests (RFC 9530) in Resumable Uploads for HTTP: of one body, and of the whole upload."""
import base64
import hashlib

import pytest

from rawhttp import chunked
from resumable import LAST, MORE, VERSION, append, append_fields, ask, begin, upload_target
from sluice import MIB, digest_of, link_parts, pattern, settled, uploaded


def content_digest(body, algorithm="sha-256"):
    raw = hashlib.new(algorithm.replace("-", ""), body).digest()
    return ("Content-Digest", f"{algorithm}=:{base64.b64encode(raw).decode()}:")


WRONG = content_digest(b"something else")


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_content_digest__right__bytes_count(sluice, algorithm):
    body = pattern(2 * MIB + 7, algorithm)
    target, _ = begin(sluice, "d.bin", body[:MIB], content_digest(body[:MIB], algorithm))
    done = append(sluice, target, MIB, body[MIB:], content_digest(body[MIB:], algorithm),
                  complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_content_digest__wrong_in_an_append__400_and_nothing_appended(sluice):
    body = pattern(2 * MIB, "wrong")
    target, _ = begin(sluice, "d.bin", body[:MIB])
    for complete in (False, True):
        response = append(sluice, target, MIB, body[MIB:], WRONG, complete=complete)
        assert response.status == 400 and response.header("Upload-Offset") == str(MIB)
        assert response.header("Upload-Complete") == "?0"
        assert ask(sluice, target)[:2] == (MIB, False)
    done = append(sluice, target, MIB, body[MIB:], content_digest(body[MIB:]), complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_content_digest__wrong_and_chunked__nothing_appended(sluice):
    target, _ = begin(sluice, "d.bin", b"abc")
    fields = append_fields(3, False, WRONG, ("Transfer-Encoding", "chunked"))
    assert sluice.request("PATCH", target, fields, chunked(pattern(90_000))).status == 400
    assert ask(sluice, target)[:2] == (3, False)


def test_content_digest__wrong_in_a_creation_that_was_announced__can_be_sent_again(sluice):
    body = pattern(100_000, "announced")
    response = sluice.request("PUT", "/d.bin", [LAST, VERSION, WRONG], body)
    assert response.status == 400 and response.header("Upload-Offset") == "0"
    target = upload_target(response)
    assert target == upload_target(response.interim[0])
    done = append(sluice, target, 0, body, content_digest(body), complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_content_digest__wrong_in_a_creation_nobody_heard_of__leaves_nothing(fresh):
    assert fresh.request("PUT", "/d.bin", [LAST, WRONG], pattern(100_000)).status == 400
    assert settled(lambda: not fresh.stored())


def test_content_digest__body_broken_off__none_of_it_counts(sluice):
    body = pattern(MIB, "broken")
    target, _ = begin(sluice, "d.bin", body[:1000])
    with sluice.connect() as connection:
        connection.send_head("PATCH", target, append_fields(
            1000, True, content_digest(body[1000:]), ("Content-Length", str(MIB - 1000))))
        connection.send(body[1000:900_000])
    assert ask(sluice, target)[:2] == (1000, False)


def test_content_digest__body_broken_by_a_crash__none_of_it_counts(start):
    server = start()
    body = pattern(MIB, "crash")
    target, _ = begin(server, "d.bin", body[:1000])
    with server.connect() as connection:
        connection.send_head("PATCH", target, append_fields(
            1000, True, content_digest(body[1000:]), ("Content-Length", str(MIB - 1000))))
        connection.send(body[1000:900_000])
        settled(lambda: max(server.stored().values()) > 500_000, within=1)
        server.kill()
    again = start(data=server.data)
    assert ask(again, target)[:2] == (1000, False)
    done = append(again, target, 1000, body[1000:], content_digest(body[1000:]), complete=True)
    assert again.get(uploaded(done).target).body == body


@pytest.mark.parametrize("value", ["md5=:AAAA:", "unixsum=?0, sha-1=:AA==:"])
def test_content_digest__of_unknown_algorithms__ignored(sluice, value):
    target, _ = begin(sluice, "d.bin", b"abc", ("Content-Digest", value))
    assert append(sluice, target, 3, b"d", ("Content-Digest", value), complete=True).status == 201


def test_repr_digest__right__told_again_at_the_end(sluice):
    body = pattern(300_000, "repr")
    digest = ("Repr-Digest", digest_of(body))
    target, _ = begin(sluice, "r.bin", body[:100_000], digest)
    append(sluice, target, 100_000, body[100_000:200_000])
    done = append(sluice, target, 200_000, body[200_000:], complete=True)
    assert uploaded(done) and done.header("Repr-Digest") == digest_of(body)


@pytest.mark.parametrize("pieces", [1, 2])
def test_repr_digest__wrong__400_told_as_complete_and_all_is_gone(fresh, pieces):
    digest = ("Repr-Digest", digest_of(b"something else"))
    if pieces == 1:
        done = fresh.request("PUT", "/r.bin", [LAST, VERSION, digest], b"abcdef")
        target, link = upload_target(done.interim[0]), done.interim[0].header("Sluice-Link")
    else:
        target, response = begin(fresh, "r.bin", b"abc", digest)
        link = response.header("Sluice-Link")
        done = append(fresh, target, 3, b"def", complete=True)
    assert done.status == 400 and done.header("Upload-Complete") == "?1"
    assert fresh.request("HEAD", target).status == 404
    assert fresh.get("/" + link_parts(link)[1]).status == 404
    assert settled(lambda: not fresh.stored())


@pytest.mark.parametrize("restarts", [False, True])
def test_repr_digest__over_a_restart__still_verified(start, restarts):
    body = pattern(700_000, "restart")
    server = start()
    target, _ = begin(server, "r.bin", body[:400_000], ("Repr-Digest", digest_of(body)))
    if restarts:
        server.kill()
        server = start(data=server.data)
    wrong = body[400_000:-1] + b"?" if body[-1:] != b"?" else body[400_000:-1] + b"!"
    assert append(server, target, 400_000, wrong, complete=True).status == 400
    target, _ = begin(server, "r.bin", body[:400_000], ("Repr-Digest", digest_of(body)))
    done = append(server, target, 400_000, body[400_000:], complete=True)
    assert server.get(uploaded(done).target).body == body


def test_want_repr_digest__at_creation__told_in_the_final_answer(sluice):
    body = pattern(150_000, "want")
    want = ("Want-Repr-Digest", "sha-256=10")
    whole = sluice.request("PUT", "/w.bin", [LAST, want], body)
    assert whole.header("Repr-Digest") == digest_of(body)
    target, _ = begin(sluice, "w.bin", body[:70_000], want)
    done = append(sluice, target, 70_000, body[70_000:], complete=True)
    assert done.header("Repr-Digest") == digest_of(body)
    assert append(sluice, target, len(body), b"", complete=True).header("Repr-Digest") \
        == digest_of(body)


