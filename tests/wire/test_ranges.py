"""Range requests (RFC 9110 section 14)."""
import pytest

from ranges import parts_of
from sluice import MIB, pattern

SIZE = 100_000  # of the document that all tests read


def get(server, document, value, *fields):
    return server.get(document[0].target, ("Range", value), *fields)


@pytest.mark.parametrize("value, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), ("bytes=5-5", 5, 5),
    ("bytes=99999-99999", 99999, 99999), ("bytes=0-", 0, 99999), ("bytes=500-", 500, 99999),
    ("bytes=99999-", 99999, 99999), ("bytes=-1", 99999, 99999), ("bytes=-500", 99500, 99999),
    ("bytes=-100000", 0, 99999), ("bytes=-100001", 0, 99999),
    ("bytes=-18446744073709551615", 0, 99999),
    ("bytes=0-100000", 0, 99999), ("bytes=99990-200000", 99990, 99999),
    ("bytes=10-9223372036854775807", 10, 99999), ("bytes=4096-8191", 4096, 8191),
    ("bytes=65535-65536", 65535, 65536), ("Bytes=1-2", 1, 2), ("bytes=007-0010", 7, 10),
    ("bytes=1-2,", 1, 2), ("bytes=,1-2", 1, 2), ("bytes=1-2 , ,", 1, 2),
])
def test_range__single__206_with_exactly_these_bytes(sluice, document, value, first, last):
    response = get(sluice, document, value)
    assert parts_of(response, document[1]) == [(first, last)]
    assert response.header("Content-Length") == str(last - first + 1)
    assert not response.header("Content-Type").startswith("multipart/")


def test_range__answer__carries_the_fields_of_the_whole(sluice, document):
    whole = sluice.get(document[0].target)
    part = get(sluice, document, "bytes=1-2")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Disposition", "Accept-Ranges",
                 "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy",
                 "Cache-Control", "Vary"):
        assert part.header(name) == whole.header(name), name


@pytest.mark.parametrize("value", ["bytes=100000-", "bytes=100000-100001", "bytes=-0",
                                   "bytes=18446744073709551615-", "bytes=200000-,300000-300001",
                                   "bytes=99999999999999999999999-"])
def test_range__beyond_the_end__416_with_the_size(sluice, document, value):
    with sluice.connect() as connection:
        response = connection.request("GET", document[0].target, [("Range", value)])
        assert response.status == 416
        assert response.header("Content-Range") == f"bytes */{SIZE}"
        assert connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("value", [
    "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1", "bytes=1-2-3", "bytes=--1",
    "bytes=0x1-2", "bytes=+1-2", "bytes 1-2", "items=1-2", "=1-2", "bytes=1-2;3-4", "bytes=1 -2",
    "bytes=1-2,x", "bytes=1-2,5-4", "bytes:1-2", "none",
])
def test_range__malformed_or_of_another_unit__ignored(sluice, document, value):
    response = get(sluice, document, value)
    assert response.status == 200 and response.body == document[1]
    assert response.header("Content-Range") is None


def test_range__on_head__ignored(sluice, document):
    response = sluice.request("HEAD", document[0].target, [("Range", "bytes=0-9")])
    assert response.status == 200 and response.header("Content-Length") == str(SIZE)


@pytest.mark.parametrize("value, expected", [
    ("bytes=0-9,90000-90009", [(0, 9), (90000, 90009)]),
    ("bytes=0-0,-1", [(0, 0), (99999, 99999)]),
    ("bytes=0-9 , 50000-50009 ,90000-", [(0, 9), (50000, 50009), (90000, 99999)]),
    ("bytes=90000-90009,0-9", [(90000, 90009), (0, 9)]),
    ("bytes=0-9,,70000-70001", [(0, 9), (70000, 70001)]),
    ("bytes=10-19,40000-40001,200000-", [(10, 19), (40000, 40001)]),
    ("bytes=0-30000,60000-99999", [(0, 30000), (60000, 99999)]),
])
def test_ranges__several__multipart_with_each_of_them(sluice, document, value, expected):
    with sluice.connect() as connection:
        response = connection.request("GET", document[0].target, [("Range", value)])
        assert response.header("Content-Type").startswith("multipart/byteranges")
        assert parts_of(response, document[1]) == expected
        assert connection.request("GET", "/healthz").status == 200


def test_ranges__only_one_satisfiable__just_that_one(sluice, document):
    assert parts_of(get(sluice, document, "bytes=200000-,5-9"), document[1]) == [(5, 9)]


@pytest.mark.parametrize("value, expected", [
    ("bytes=0-9,5-19", [(0, 19)]), ("bytes=0-9,0-9", [(0, 9)]), ("bytes=0-,50-60", [(0, 99999)]),
    ("bytes=0-9,10-19", [(0, 19)]), ("bytes=5-19,0-9", [(0, 19)]),
])
def test_ranges__overlapping__merged(sluice, document, value, expected):
    assert parts_of(get(sluice, document, value), document[1]) == expected


@pytest.mark.parametrize("value", [
    "bytes=" + ",".join(f"{n * 300}-{n * 300 + 1}" for n in range(300)),
    "bytes=" + ",".join(["0-"] * 200), "bytes=" + ",".join(f"{n}-" for n in range(1000)),
    "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(700)),
])
def test_ranges__far_too_many__never_cost_more_than_the_file(sluice, document, value):
    response = get(sluice, document, value)
    assert response.status in (200, 206, 416)
    if response.status == 200:
        assert response.body == document[1]
    elif response.status == 206:
        parts = parts_of(response, document[1])
        assert sum(last - first + 1 for first, last in parts) <= SIZE
        assert len(parts) <= 64


def test_range__of_an_empty_file__never_a_part(sluice):
    upload = sluice.put("empty.bin", b"")
    response = sluice.get(upload.target, ("Range", "bytes=0-"))
    assert response.status == 416 and response.header("Content-Range") == "bytes */0"
    suffix = sluice.get(upload.target, ("Range", "bytes=-5"))
    assert suffix.status == 200 and suffix.body == b""


@pytest.mark.parametrize("first, last", [
    (0, 0), (4095, 4096), (524287, 524288), (524288, 1048575), (1048576, 3 * MIB), (1, 4 * MIB),
    (3_999_999, 4 * MIB + 6), (123_457, 2_345_678)])
def test_range__of_a_large_file__exact_at_every_border(sluice, large, first, last):
    upload, body = large
    response = sluice.get(upload.target, ("Range", f"bytes={first}-{last}"))
    assert parts_of(response, body) == [(first, last)]


def test_ranges__of_a_large_file__exact_in_every_part(sluice, large):
    upload, body = large
    value = "bytes=0-524288,1048575-2097153,4194300-"
    response = sluice.get(upload.target, ("Range", value))
    assert parts_of(response, body) == [(0, 524288), (1048575, 2097153), (4194300, len(body) - 1)]


@pytest.fixture(scope="module")
def large(shared_server):
    body = pattern(4 * MIB + 7, "large")
    return shared_server.put("large.bin", body), body
