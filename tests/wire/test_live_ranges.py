"""Ranges and conditions of a link whose bytes are still arriving."""
import pytest

from live import Live
from ranges import parts_of
from sluice import pattern

BODY = pattern(200_000, "live ranges")


def ranged(value, *fields):
    return [("Range", "bytes=" + value), *fields]


@pytest.fixture
def live(sluice):
    """An upload of known size of which the first half is there."""
    upload = Live(sluice, BODY)
    upload.append(100_000)
    return upload


@pytest.fixture
def open_ended(sluice):
    """The same with a size that nobody knows yet."""
    upload = Live(sluice, BODY, known=False)
    upload.append(100_000)
    return upload


# ---- Known size ----

@pytest.mark.parametrize("first, last", [(0, 0), (0, 99_999), (50_000, 50_001), (99_999, 99_999)])
def test_range__of_stored_bytes__comes_at_once(sluice, live, first, last):
    response = sluice.get(live.target, *ranged(f"{first}-{last}"))
    assert parts_of(response, BODY) == [(first, last)]
    assert response.header("Sluice-State") == "waiting"


@pytest.mark.parametrize("value, first, last", [
    ("100000-100000", 100_000, 100_000), ("99990-100010", 99_990, 100_010),
    ("150000-", 150_000, 199_999), ("-1", 199_999, 199_999), ("0-", 0, 199_999),
    ("-500000", 0, 199_999), ("199990-999999", 199_990, 199_999),
])
def test_range__beyond_what_is_stored__waits_for_its_bytes(live, value, first, last):
    reader = live.follow(*ranged(value))
    head = reader.head()
    assert head.status == 206
    assert head.header("Content-Range") == f"bytes {first}-{last}/200000"
    there = max(0, 100_000 - first)
    assert reader.take(there) == BODY[first:first + there] and reader.is_silent(0.1)
    live.append(50_000)
    live.finish()
    assert reader.take(last + 1 - first - there) == BODY[first + there:last + 1]
    assert reader.ends()


def test_range__in_the_middle__ends_before_the_upload_does(live):
    reader = live.follow(*ranged("90000-119999"))
    assert reader.take(10_000) == BODY[90_000:100_000] and reader.is_silent(0.1)
    live.append(50_000)
    assert reader.take(20_000) == BODY[100_000:120_000] and reader.ends()
    assert reader.connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("value", ["200000-", "999999-", "200000-300000", "-0"])
def test_range__outside_of_a_known_size__416(sluice, live, value):
    response = sluice.get(live.target, *ranged(value))
    assert response.status == 416
    assert response.header("Content-Range") == "bytes */200000"


def test_range__cut_when_the_upload_is_deleted(live):
    reader = live.follow(*ranged("90000-150000"))
    assert reader.take(10_000) == BODY[90_000:100_000]
    live.delete()
    assert reader.is_cut()


def test_ranges__several__are_answered_with_the_whole(live):
    reader = live.follow(*ranged("0-9,100-109"))
    assert reader.head().status == 200
    live.finish()
    assert reader.take(len(BODY)) == BODY and reader.ends()


# ---- Unknown size ----

@pytest.mark.parametrize("first, last", [(0, 0), (0, 99_999), (99_999, 99_999)])
def test_range__of_stored_bytes__of_unknown_size__tells_no_size(sluice, open_ended, first, last):
    response = sluice.get(open_ended.target, *ranged(f"{first}-{last}"))
    assert response.status == 206
    assert response.header("Content-Range") == f"bytes {first}-{last}/*"
    assert response.body == BODY[first:last + 1]


@pytest.mark.parametrize("value", ["0-", "150000-", "-1", "-0", "0-9,20-29"])
def test_range__that_needs_the_size__is_answered_with_the_whole(open_ended, value):
    reader = open_ended.follow(*ranged(value))
    assert reader.head().status == 200 and reader.head().chunked
    open_ended.finish()
    assert reader.take(len(BODY)) == BODY and reader.ends()


def test_range__beyond__of_unknown_size__is_answered_when_its_bytes_are_there(open_ended):
    reader = open_ended.follow(*ranged("99000-109999"))
    assert reader.is_silent()
    open_ended.append(10_000)
    assert reader.head().header("Content-Range") == "bytes 99000-109999/*"
    assert reader.take(11_000) == BODY[99_000:110_000] and reader.ends()


@pytest.mark.parametrize("value, first", [("150000-999999", 150_000), ("0-200000", 0)])
def test_range__beyond_the_end__of_unknown_size__is_as_long_as_the_file_proves_to_be(
        open_ended, value, first):
    reader = open_ended.follow(*ranged(value))
    assert reader.is_silent()
    open_ended.finish()
    assert reader.head().status == 206
    assert reader.head().header("Content-Range") == f"bytes {first}-199999/200000"
    assert reader.take(len(BODY) - first) == BODY[first:] and reader.ends()


def test_range__behind_the_end__of_unknown_size__416_when_it_is_known(open_ended):
    reader = open_ended.follow(*ranged("200000-200010"))
    assert reader.is_silent()
    open_ended.finish()
    assert reader.head().status == 416
    assert reader.head().header("Content-Range") == "bytes */200000"


def test_range__waiting__404_when_the_upload_is_deleted(open_ended):
    reader = open_ended.follow(*ranged("150000-150010"))
    assert reader.is_silent()
    open_ended.delete()
    assert reader.head().status == 404


# ---- Conditions ----

def test_tag__while_arriving__is_that_of_the_whole_file(sluice, live):
    tag = sluice.get(live.target, *ranged("0-0")).header("ETag")
    live.finish()
    ready = sluice.get(live.target, *ranged("90000-", ("If-Range", tag)))
    assert ready.header("ETag") == tag and ready.header("Sluice-State") == "ready"
    assert parts_of(ready, BODY) == [(90_000, 199_999)]


def test_if_range__goes_on_with_a_broken_live_download(live):
    reader = live.follow()
    tag = reader.head().header("ETag")
    got = reader.take(60_000)
    reader.connection.reset()
    rest = live.follow(*ranged("60000-", ("If-Range", tag)))
    assert rest.head().status == 206
    live.finish()
    assert got + rest.take(140_000) == BODY and rest.ends()


def test_if_range__of_another_file__gets_the_whole(live):
    reader = live.follow(*ranged("60000-", ("If-Range", '"other"')))
    assert reader.head().status == 200
    live.finish()
    assert reader.take(len(BODY)) == BODY


def test_conditions__hold_while_arriving(sluice, live):
    tag = sluice.get(live.target, *ranged("0-0")).header("ETag")
    assert sluice.get(live.target, ("If-None-Match", tag)).status == 304
    assert sluice.get(live.target, ("If-Match", '"other"')).status == 412
    assert sluice.get(live.target, *ranged("0-9", ("If-Match", tag))).status == 206
