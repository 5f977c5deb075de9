"""Conditional requests, in the order of RFC 9110 section 13.2.2."""
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from ranges import parts_of
from sluice import PATIENCE, settled

PAST = "Sat, 01 Jan 2000 00:00:00 GMT"
OTHER = '"something-else"'


@pytest.fixture(scope="module")
def aged(shared_server, document):
    """The document when its Last-Modified is old enough to count as a strong validator."""
    upload, body = document
    head = shared_server.request("HEAD", upload.target)
    modified = parsedate_to_datetime(head.header("Last-Modified")).timestamp()
    assert settled(lambda: time.time() >= modified + 2.1, within=4 / PATIENCE)
    return upload, body, head.header("ETag"), head.header("Last-Modified")


def shifted(date, seconds):
    return formatdate(parsedate_to_datetime(date).timestamp() + seconds, usegmt=True)


def ask(server, aged, *fields, method="GET"):
    upload, body, etag, modified = aged
    words = {"ETAG": etag, "OTHER": OTHER, "PAST": PAST, "DATE": modified,
             "EARLIER": shifted(modified, -1), "LATER": shifted(modified, 60)}
    filled = []
    for name, value in fields:
        for word, text in words.items():
            value = value.replace(word, text)
        filled.append((name, value))
    with server.connect() as connection:
        response = connection.request(method, upload.target, filled)
        if method == "GET" and response.status == 200:
            assert response.body == body
        if response.status == 304:
            assert response.header("ETag") == etag
            assert connection.is_silent(0.05)
        assert connection.request("GET", "/healthz").status == 200
        return response


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fields, status", [
    ([("If-Match", "ETAG")], 200), ([("If-Match", "*")], 200), ([("If-Match", "OTHER")], 412),
    ([("If-Match", "OTHER, ETAG")], 200), ([("If-Match", "W/ETAG")], 412),
    ([("If-Match", "OTHER"), ("If-Match", "ETAG")], 200),
    ([("If-None-Match", "ETAG")], 304), ([("If-None-Match", "W/ETAG")], 304),
    ([("If-None-Match", "*")], 304), ([("If-None-Match", "OTHER")], 200),
    ([("If-None-Match", "OTHER,ETAG")], 304), ([("If-None-Match", 'W/OTHER , ETAG')], 304),
    ([("If-None-Match", "OTHER"), ("If-None-Match", "ETAG")], 304),
    ([("If-None-Match", '"a,b", ETAG')], 304), ([("If-None-Match", '"*"')], 200),
    ([("If-Modified-Since", "DATE")], 304), ([("If-Modified-Since", "LATER")], 304),
    ([("If-Modified-Since", "EARLIER")], 200), ([("If-Modified-Since", "PAST")], 200),
    ([("If-Modified-Since", "yesterday")], 200), ([("If-Modified-Since", "")], 200),
    ([("If-Unmodified-Since", "DATE")], 200), ([("If-Unmodified-Since", "LATER")], 200),
    ([("If-Unmodified-Since", "EARLIER")], 412), ([("If-Unmodified-Since", "PAST")], 412),
    ([("If-Unmodified-Since", "yesterday")], 200),
], ids=lambda value: ",".join(f"{n}={v}" for n, v in value) if isinstance(value, list) else None)
def test_condition__alone__decides(sluice, aged, method, fields, status):
    assert ask(sluice, aged, *fields, method=method).status == status


@pytest.mark.parametrize("fields, status", [
    ([("If-Match", "ETAG"), ("If-Unmodified-Since", "PAST")], 200),
    ([("If-Match", "OTHER"), ("If-Unmodified-Since", "LATER")], 412),
    ([("If-Match", "OTHER"), ("If-None-Match", "ETAG")], 412),
    ([("If-Match", "ETAG"), ("If-None-Match", "ETAG")], 304),
    ([("If-Match", "ETAG"), ("If-None-Match", "OTHER")], 200),
    ([("If-Unmodified-Since", "PAST"), ("If-None-Match", "ETAG")], 412),
    ([("If-Unmodified-Since", "PAST"), ("If-Modified-Since", "DATE")], 412),
    ([("If-None-Match", "OTHER"), ("If-Modified-Since", "DATE")], 200),
    ([("If-None-Match", "ETAG"), ("If-Modified-Since", "PAST")], 304),
    ([("If-Match", "ETAG"), ("If-Modified-Since", "DATE")], 304),
    ([("If-None-Match", "ETAG"), ("Range", "bytes=0-9")], 304),
    ([("If-Match", "OTHER"), ("Range", "bytes=0-9")], 412),
    ([("If-Match", "ETAG"), ("Range", "bytes=0-9")], 206),
    ([("If-Match", "OTHER"), ("Range", "bytes=999999-")], 412),
    ([("If-None-Match", "ETAG"), ("Range", "bytes=999999-")], 304),
    ([("If-None-Match", "OTHER"), ("Range", "bytes=999999-")], 416),
    ([("If-Unmodified-Since", "LATER"), ("Range", "bytes=0-9")], 206),
])
def test_conditions__together__decide_in_order(sluice, aged, fields, status):
    assert ask(sluice, aged, *fields).status == status
    assert ask(sluice, aged, *reversed(fields)).status == status


@pytest.mark.parametrize("value, status", [
    ("ETAG", 206), ("DATE", 206), ("OTHER", 200), ("W/ETAG", 200), ("PAST", 200), ("LATER", 200),
    ("EARLIER", 200), ("nonsense", 200), ("ETAG, OTHER", 200), ("*", 200),
])
def test_if_range__validator__decides_between_part_and_whole(sluice, aged, value, status):
    response = ask(sluice, aged, ("If-Range", value), ("Range", "bytes=10-19"))
    assert response.status == status
    if status == 206:
        assert parts_of(response, aged[1]) == [(10, 19)]


def test_if_range__stale_with_an_unsatisfiable_range__whole(sluice, aged):
    assert ask(sluice, aged, ("If-Range", "OTHER"), ("Range", "bytes=999999-")).status == 200


def test_if_range__fresh_with_an_unsatisfiable_range__416(sluice, aged):
    assert ask(sluice, aged, ("If-Range", "ETAG"), ("Range", "bytes=999999-")).status == 416


def test_if_range__fresh_with_several_ranges__multipart(sluice, aged):
    response = ask(sluice, aged, ("If-Range", "ETAG"), ("Range", "bytes=0-9,50000-50009"))
    assert parts_of(response, aged[1]) == [(0, 9), (50000, 50009)]


def test_if_range__without_a_range__ignored(sluice, aged):
    assert ask(sluice, aged, ("If-Range", "OTHER")).status == 200


def test_condition__on_an_unknown_link__404_whatever_it_says(sluice):
    for field in (("If-Match", "*"), ("If-None-Match", "*"), ("If-Unmodified-Since", PAST)):
        assert sluice.get("/AAAAAAAAAAAAAAAAAAAAAA/x", field).status == 404


def test_date__in_the_two_obsolete_forms__understood(sluice, aged):
    moment = parsedate_to_datetime(aged[3])
    for text in (moment.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
                 moment.strftime("%a %b ") + f"{moment.day:2d}" + moment.strftime(" %H:%M:%S %Y")):
        assert ask(sluice, aged, ("If-Modified-Since", text)).status == 304, text
