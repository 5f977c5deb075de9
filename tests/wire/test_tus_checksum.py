"""tus 1.0.0, "Checksum": bytes count when they were verified, and not a moment before."""
import pytest

from live import CHUNK
from rawhttp import chunked
from sluice import MIB, pattern, settled
from tus import (append, append_chunked, ask, begin_append, checksum, create, create_with, encoded,
                 is_cut, length, offset_of, patch, post, stored_of)

ANNOUNCED = ("Trailer", "Upload-Checksum")


def trailer(field):
    return f"{field[0]}: {field[1]}\r\n".encode()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "md5", "crc32c"])
def test_algorithm__that_is_told__verifies_bytes(sluice, algorithm):
    told = sluice.request("OPTIONS", "/files/").header("Tus-Checksum-Algorithm").split(",")
    assert algorithm in told
    body = pattern(20_000, algorithm)
    upload = create(sluice, len(body))
    for at in range(0, len(body), 5000):
        piece = body[at:at + 5000]
        response = patch(sluice, upload.path, at, piece, checksum(algorithm, b"other"))
        assert response.status == 460 and response.reason == "Checksum Mismatch"
        assert offset_of(sluice, upload.path) == at
        append(sluice, upload.path, at, piece, checksum(algorithm, piece))
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("size", [0, 1, 4096, 16_385, 524_288, 2 * MIB + 7])
@pytest.mark.parametrize("known", [True, False])
def test_bytes__of_any_size__count_only_when_they_match(sluice, size, known):
    body = pattern(3 * MIB, f"checksum {size}")
    upload = create_with(sluice, len(body) if known else None, body[:999])
    piece = body[999:999 + size]
    wrong = checksum("sha1", piece + b"!")
    for response in (patch(sluice, upload.path, 999, piece, wrong),
                     append_chunked(sluice, upload.path, 999, piece, wrong)):
        assert response.status == 460, response
        assert stored_of(sluice, upload.path) == 999 == offset_of(sluice, upload.path)
    offset = append(sluice, upload.path, 999, piece, checksum("sha1", piece))
    half = (offset + len(body)) // 2
    append(sluice, upload.path, offset, body[offset:half])
    rest = body[half:]
    append(sluice, upload.path, half, rest, checksum("sha256", rest),
           *([] if known else [("Upload-Length", len(body))]))
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("word", [
    "sha1", "sha1 ", "sha1 !!!!", "sha1 YWJj", "crc32 YWJjZA==", "sha3 " + encoded(b"x" * 20), "",
    "sha1 " + encoded(b"x" * 21), "sha1 " + encoded(b"x" * 20) + " x", encoded(b"x" * 20),
    "sha1  " + encoded(b"x" * 20), "sha256 " + encoded(b"x" * 20),
    "sha1 " + encoded(b"x" * 20) + ",md5 " + encoded(b"x" * 16)])
def test_checksum__malformed_or_of_an_unknown_algorithm__400_before_the_body(sluice, word):
    upload = create_with(sluice, 10, b"abc")
    with sluice.connect() as connection:
        connection.send_head("PATCH", upload.path, [
            ("Tus-Resumable", "1.0.0"), CHUNK, ("Upload-Offset", "3"), ("Content-Length", "3"),
            ("Expect", "100-continue"), ("Upload-Checksum", word)])
        response = connection.response()
        assert response.status == 400 and response.interim == []
    assert offset_of(sluice, upload.path) == 3
    assert post(sluice, length(3), CHUNK, ("Upload-Checksum", word), body=b"abc").status == 400


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("sent", [1, 4096, 700_000, 2 * MIB + 1])
def test_bytes__under_way__are_told_to_nobody_before_they_match(sluice, sent, known):
    body = pattern(3 * MIB, "under way")
    upload = create_with(sluice, len(body), body[:5000])
    rest = body[5000:]
    with begin_append(sluice, upload.path, 5000, len(rest) if known else None, rest[:sent],
                      checksum("sha1", rest)) as connection:
        assert settled(lambda: sluice.info(upload.link)["received"] in (5000, 5000 + sent) and
                       sluice.info(upload.link)["state"] == "arriving")
        assert stored_of(sluice, upload.path) == 5000
        assert sluice.info(upload.link)["stored"] == 5000
        assert offset_of(sluice, upload.path) == 5000, "and who asks to go on takes over"
        assert is_cut(connection)
    assert stored_of(sluice, upload.path) == 5000
    append(sluice, upload.path, 5000, rest, checksum("sha1", rest))
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("ending", ["close", "reset", "malformed", "half"])
@pytest.mark.parametrize("sent", [10, 900_000])
def test_broken_off__nothing_of_it_counts(sluice, ending, sent):
    body = pattern(MIB, "broken")
    upload = create_with(sluice, MIB, body[:777])
    with begin_append(sluice, upload.path, 777, None, body[777:777 + sent],
                      checksum("sha1", body[777:])) as connection:
        assert settled(lambda: sluice.info(upload.link)["state"] == "arriving")
        if ending == "malformed":
            connection.send(b"no chunk")
        elif ending == "half":
            connection.sock.shutdown(1)
        connection.reset() if ending == "reset" else connection.close()
    assert settled(lambda: sluice.info(upload.link)["state"] == "waiting")
    assert offset_of(sluice, upload.path) == 777
    assert ask(sluice, upload.path, "GET").header("Upload-Offset") == "777"
    append(sluice, upload.path, 777, body[777:])
    assert sluice.get(upload.target).body == body


# ---- Behind the bytes ----

@pytest.mark.parametrize("size", [0, 1, 5000, 600_000])
def test_trailer__that_was_announced__verifies_the_bytes_before_it(sluice, size):
    body = pattern(size + 20, "trailer")
    upload = create_with(sluice, len(body), body[:10])
    piece = body[10:-10]
    for trailers, status in [(trailer(checksum("sha1", b"other")), 460),
                             (b"", 400), (b"X-Other: 1\r\n", 400),
                             (b"Upload-Checksum: sha1 !\r\n", 400),
                             (b"Upload-Checksum: none " + encoded(b"x").encode() + b"\r\n", 400),
                             (b"X: 1\r\n" + trailer(checksum("sha1", piece)), 204)]:
        response = append_chunked(sluice, upload.path, 10, piece, ANNOUNCED, trailers=trailers)
        assert response.status == status, (trailers, response)
        assert offset_of(sluice, upload.path) == (10 + size if status == 204 else 10)
    append(sluice, upload.path, 10 + size, body[-10:])
    assert sluice.get(upload.target).body == body


def test_trailer__in_pieces__is_found(sluice):
    upload = create(sluice, 6)
    with begin_append(sluice, upload.path, 0, None, b"abc", ANNOUNCED) as connection:
        behind = b"3\r\ndef\r\n0\r\n" + trailer(checksum("sha1", b"abcdef")) + b"\r\n"
        connection.send_slowly(behind, 3, 0.002)
        assert connection.response().status == 204
    assert sluice.get(upload.target).body == b"abcdef"


def test_trailer__of_a_body_that_is_not_chunked__400(sluice):
    upload = create(sluice, 3)
    assert patch(sluice, upload.path, 0, b"abc", ANNOUNCED).status == 400
    assert offset_of(sluice, upload.path) == 0


def test_trailer__not_announced__is_no_claim_that_fails_good_bytes(sluice):
    upload = create(sluice, 3)
    assert append_chunked(sluice, upload.path, 0, b"abc",
                          trailers=trailer(checksum("sha1", b"abc"))).status == 204
    assert sluice.get(upload.target).body == b"abc"


# ---- At creation ----

def test_creation__with_bytes__verifies_them(fresh):
    announced = [CHUNK, ANNOUNCED, ("Transfer-Encoding", "chunked")]
    for size in (3, 10, None):
        assert post(fresh, length(size), CHUNK, checksum("sha1", b"other"),
                    body=b"abc").status == 460
        assert post(fresh, length(size), *announced, body=chunked(
            b"abc", 7, trailer(checksum("sha1", b"other")))).status == 460
    assert settled(lambda: not fresh.stored()), "an upload that nobody can name"
    for size in (3, 10, None):
        upload = create_with(fresh, size, b"abc", checksum("sha1", b"abc"))
        assert upload.response.header("Upload-Offset") == "3"
        if size != 3:
            append(fresh, upload.path, 3, b"defghij", *([] if size else [("Upload-Length", "10")]))
        assert fresh.get(upload.target).body == b"abcdefghij"[:size or 10]


def test_last_bytes__that_do_not_match__leave_the_upload_open(sluice):
    upload = create_with(sluice, 6, b"abc")
    assert patch(sluice, upload.path, 3, b"deX", checksum("md5", b"def")).status == 460
    assert sluice.info(upload.link)["state"] == "waiting"
    append(sluice, upload.path, 3, b"def", checksum("md5", b"def"))
    assert sluice.info(upload.link)["state"] == "ready"
    assert sluice.get(upload.target).body == b"abcdef"
