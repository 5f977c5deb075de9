"""Downloads of files that were put together from parts."""
import random

import pytest

from parts import Joined, put_part
from ranges import parts_of
from rawhttp import ConnectionEnded
from sluice import MIB, digest_of, pattern, run_tool, settled

SIZES = (100_000, 1, 65_536, 5000, 0, 30_000, 4096, 0)
PIECES = [pattern(size, f"part {at}") for at, size in enumerate(SIZES)]
BODY = b"".join(PIECES)
SEAMS = [sum(SIZES[:at]) for at in range(1, len(SIZES)) if 0 < sum(SIZES[:at]) < len(BODY)]


@pytest.fixture(scope="module")
def joined(shared_server):
    return Joined(shared_server, [put_part(shared_server, piece) for piece in PIECES])


def test_whole__is_all_parts_in_their_order(sluice, joined):
    response = sluice.get(joined.target)
    assert response.status == 200 and response.body == BODY
    assert response.header("Content-Length") == str(len(BODY))
    assert response.header("Sluice-State") == "ready"
    info = sluice.info(joined.link)
    assert info["state"] == "ready" and info["size"] == info["stored"] == len(BODY)


def test_head__is_that_of_the_whole(sluice, joined):
    with sluice.connect() as connection:
        connection.send_request("HEAD", joined.target)
        head = connection.response("HEAD")
        whole = connection.request("GET", joined.target)
    for name in ("ETag", "Last-Modified", "Content-Length", "Content-Type", "Sluice-State"):
        assert head.header(name) == whole.header(name), name


@pytest.mark.parametrize("seam", SEAMS)
def test_range__across_a_seam(sluice, joined, seam):
    for first, last in ((seam - 1, seam), (seam, seam), (seam - 1, seam - 1),
                        (max(0, seam - 500), min(len(BODY) - 1, seam + 70_000))):
        response = sluice.get(joined.target, ("Range", f"bytes={first}-{last}"))
        assert parts_of(response, BODY) == [(first, last)]


def test_range__by_chance__is_always_right(sluice, joined):
    chance = random.Random(7)
    with sluice.connect() as connection:
        for _ in range(200):
            first = chance.randrange(len(BODY))
            last = chance.randrange(first, len(BODY))
            response = connection.request("GET", joined.target,
                                          [("Range", f"bytes={first}-{last}")])
            assert parts_of(response, BODY) == [(first, last)]


def test_ranges__several__forth_and_back_over_the_seams(sluice, joined):
    value = f"bytes={len(BODY) - 3000}-,0-9,99990-100009,165530-165545,50-60"
    assert parts_of(sluice.get(joined.target, ("Range", value)), BODY) == [
        (len(BODY) - 3000, len(BODY) - 1), (0, 9), (99_990, 100_009), (165_530, 165_545), (50, 60)]


@pytest.mark.parametrize("value, status", [("bytes=-10", 206), (f"bytes={len(BODY)}-", 416)])
def test_range__at_the_end(sluice, joined, value, status):
    response = sluice.get(joined.target, ("Range", value))
    assert response.status == status
    assert status == 416 or response.body == BODY[-10:]


def test_conditions__tag_of_the_joined_file(sluice, joined):
    tag = sluice.get(joined.target, ("Range", "bytes=0-0")).header("ETag")
    assert sluice.get(joined.target, ("If-None-Match", tag)).status == 304
    rest = sluice.get(joined.target, ("Range", "bytes=99000-"), ("If-Range", tag))
    assert rest.status == 206 and rest.body == BODY[99_000:]


def test_digest__of_all_parts_together(sluice, joined):
    response = sluice.get(joined.target, ("Want-Repr-Digest", "sha-256=10"))
    assert response.header("Repr-Digest") == digest_of(BODY)
    assert sluice.get(joined.target, ("Want-Repr-Digest", "sha-256=10")).header(
        "Repr-Digest") == digest_of(BODY)


def test_digest__of_a_large_file__is_told_later(fresh):
    pieces = [pattern(6 * MIB, at) for at in range(2)]
    joined = Joined(fresh, [put_part(fresh, piece) for piece in pieces])
    wanted = ("Want-Repr-Digest", "sha-256=10")
    assert settled(lambda: fresh.get(joined.target, wanted, ("Range", "bytes=0-0")).header(
        "Repr-Digest") == digest_of(b"".join(pieces)), within=20)


def test_parts__in_any_order_and_repeated(sluice):
    pieces = [pattern(size, "again") for size in (9000, 1, 20_000)]
    paths = [put_part(sluice, piece) for piece in pieces]
    for order in ((0, 1, 2), (2, 1, 0), (1, 1, 1, 1), (0, 2, 0, 1, 0), (2,)):
        body = b"".join(pieces[at] for at in order)
        joined = Joined(sluice, [paths[at] for at in order])
        assert sluice.get(joined.target).body == body
        first, last = len(body) // 3, len(body) // 3 * 2
        response = sluice.get(joined.target, ("Range", f"bytes={first}-{last}"))
        assert parts_of(response, body) == [(first, last)]


def test_parts__as_many_as_can_be(sluice):
    paths = [put_part(sluice, bytes([at])) for at in range(16)]
    order = [at * 7 % 16 for at in range(400)]
    joined = Joined(sluice, [paths[at] for at in order])
    assert sluice.get(joined.target).body == bytes(order)
    assert sluice.get(joined.target, ("Range", "bytes=200-299")).body == bytes(order[200:300])


def test_file__of_empty_parts__is_empty(sluice):
    joined = Joined(sluice, [put_part(sluice, b"") for _ in range(3)])
    response = sluice.get(joined.target)
    assert response.status == 200 and response.body == b""
    assert sluice.get(joined.target, ("Range", "bytes=0-")).status == 416


def test_limit__counts_a_file_of_parts_like_any_other(sluice):
    paths = [put_part(sluice, piece) for piece in PIECES[:3]]
    joined = Joined(sluice, paths, ("Max-Downloads", "1"))
    body = b"".join(PIECES[:3])
    with sluice.connect() as connection:
        first = connection.request("GET", joined.target, [("Range", "bytes=0-99999")])
        assert first.status == 206 and first.body == body[:100_000]
        rest = connection.request("GET", joined.target, [("Range", "bytes=100000-")])
        assert rest.body == body[100_000:]
        assert connection.request("GET", joined.target).status == 410


def test_delete__removes_the_parts_that_nobody_else_uses(fresh):
    paths = [put_part(fresh, piece) for piece in PIECES[:3]]
    one, other = Joined(fresh, paths), Joined(fresh, paths[:2])
    assert fresh.get(one.target).body == b"".join(PIECES[:3])
    for upload in (one, other):
        response = fresh.request("DELETE", upload.target,
                                 [("Authorization", f"Bearer {upload.key}")])
        assert response.status == 204, response
        assert fresh.get(upload.target).status == 404
        if upload is one:
            assert fresh.get(other.target).body == b"".join(PIECES[:2])


def test_restart__keeps_the_file__and_check_finds_it_whole(start):
    server = start()
    joined = Joined(server, [put_part(server, piece) for piece in PIECES])
    server.kill()
    again = start(data=server.data)
    assert again.get(joined.target).body == BODY
    again.stop()
    code, output = run_tool("check", "--data", again.data)
    assert code == 0, output


def test_damage__of_a_part__is_never_served_as_whole(start):
    server = start()
    pieces = [pattern(300_000, at) for at in range(3)]
    joined = Joined(server, [put_part(server, piece) for piece in pieces])
    server.stop()
    shortened = min(server.stored(), key=str)
    with open(shortened, "r+b") as part:
        part.truncate(100_000)
    again = start(data=server.data)
    with again.connect() as connection:
        try:
            response = connection.request("GET", joined.target)
            assert response.status >= 500
        except ConnectionEnded as ended:
            assert len(ended.received) < 900_000
    assert settled(lambda: "size differs" in again.log())


