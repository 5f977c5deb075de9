"""Max-Downloads counts what was delivered to the last byte, and nothing else.

Requests that must be counted one after another share a connection: the second is read only when
the first is done with, so no test depends on how fast a count is written.
"""
import pytest

from sluice import MIB, pattern, settled

pytestmark = pytest.mark.workers

BODY = pattern(200_000, "counted")


def put(server, uses, body=BODY):
    return server.put("counted.bin", body, ("Max-Downloads", str(uses)))


def span(first, last):
    return ("Range", f"bytes={first}-{last}")


@pytest.mark.parametrize("uses", [1, 2, 5])
def test_uses__as_many_as_allowed__then_410(sluice, uses):
    upload = put(sluice, uses)
    with sluice.connect() as connection:
        for _ in range(uses):
            response = connection.request("GET", upload.target)
            assert response.status == 200 and response.body == BODY
        assert connection.request("GET", upload.target).status == 410
        assert connection.request("GET", f"/{upload.link}").status == 410
        assert connection.request("GET", upload.target, [span(0, 9)]).status == 410
        connection.send_request("HEAD", upload.target)
        assert connection.response("HEAD").status == 410


def test_uses__when_all_are_gone__bytes_leave_the_folder(fresh):
    kept = fresh.put("kept.bin", b"kept")
    upload = put(fresh, 1)
    assert fresh.get(upload.target).body == BODY
    assert settled(lambda: list(fresh.stored().values()) == [4], within=15)
    assert fresh.get(upload.target).status == 410
    assert fresh.get(kept.target).body == b"kept"


def test_uses__kept_over_a_restart(start):
    server = start()
    upload, spent = put(server, 2), put(server, 1)
    assert server.get(upload.target).status == 200
    assert server.get(spent.target).status == 200
    server.stop()
    again = start(data=server.data)
    assert again.get(spent.target).status == 410
    with again.connect() as connection:
        assert connection.request("GET", upload.target).status == 200
        assert connection.request("GET", upload.target).status == 410


def test_head__many_times__uses_nothing_up(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        for _ in range(5):
            connection.send_request("HEAD", upload.target)
            assert connection.response("HEAD").status == 200
        assert sluice.info(upload.link)["downloads"] == 0
        assert connection.request("GET", upload.target).body == BODY
        assert connection.request("GET", upload.target).status == 410


def test_conditions__that_send_no_bytes__use_nothing_up(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        connection.send_request("HEAD", upload.target)
        etag = connection.response("HEAD").header("ETag")
        for fields, status in (([("If-None-Match", etag)], 304), ([("If-Match", '"x"')], 412),
                               ([span(999_999, 999_999)], 416)):
            assert connection.request("GET", upload.target, fields).status == status
        assert connection.request("GET", f"/api/files/{upload.link}").status == 200
        assert connection.request("OPTIONS", upload.target).status in (200, 204)
        assert connection.request("GET", upload.target).body == BODY
        assert connection.request("GET", upload.target).status == 410


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_download__broken_midway__uses_nothing_up(sluice, reset):
    body = pattern(24 * MIB, "broken")
    upload = put(sluice, 1, body)
    for _ in range(3):
        connection = settled(lambda: admitted(sluice, upload, receive_buffer=4096))
        connection.read_exactly(50_000)
        if reset:
            connection.reset()
        connection.close()
    with settled(lambda: admitted(sluice, upload)) as connection:
        assert connection.read_exactly(len(body)) == body
        assert connection.request("GET", upload.target).status == 410


def admitted(server, upload, **options):
    """A connection whose download has begun, or None while all uses are taken (503)."""
    connection = server.connect(**options)
    connection.send_request("GET", upload.target)
    status = connection.read_head().status
    if status == 200:
        return connection
    connection.close()
    assert status == 503
    return None


def test_first_part__however_often__uses_nothing_up(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        for last in (0, 99_999, 99_999, 199_998):
            assert connection.request("GET", upload.target, [span(0, last)]).status == 206
        assert sluice.info(upload.link)["downloads"] == 0
        assert connection.request("GET", upload.target).body == BODY
        assert connection.request("GET", upload.target).status == 410


def test_last_part__alone__uses_nothing_up(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        assert connection.request("GET", upload.target, [("Range", "bytes=-100")]).status == 206
        assert connection.request("GET", upload.target, [span(100_000, 199_999)]).status == 206
        assert connection.request("GET", upload.target).body == BODY


def test_parts__that_together_cover_the_file__are_one_use(sluice):
    upload = put(sluice, 2)
    with sluice.connect() as connection:
        for first, last in ((0, 49_999), (50_000, 149_999), (150_000, 199_999)):
            response = connection.request("GET", upload.target, [span(first, last)])
            assert response.status == 206 and response.body == BODY[first:last + 1]
        assert settled(lambda: sluice.info(upload.link)["downloads"] == 1)
        assert connection.request("GET", upload.target).status == 200
        assert connection.request("GET", upload.target).status == 410


def test_parts__overlapping_and_out_of_order__are_one_use(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        for first, last in ((120_000, 199_999), (0, 60_000), (50_000, 130_000)):
            assert connection.request("GET", upload.target, [span(first, last)]).status == 206
        assert connection.request("GET", upload.target).status == 410


def test_parts__resumed_over_several_connections__are_one_use(sluice):
    upload = put(sluice, 1)
    for first, last in ((0, 99_999), (100_000, 199_999)):
        assert sluice.get(upload.target, span(first, last)).status == 206
    assert settled(lambda: sluice.request("HEAD", upload.target).status == 410)
    assert sluice.get(upload.target).status == 410


def test_download__whole_by_one_open_range__is_a_use(sluice):
    upload = put(sluice, 1)
    with sluice.connect() as connection:
        response = connection.request("GET", upload.target, [("Range", "bytes=0-")])
        assert response.status == 206 and response.body == BODY
        assert connection.request("GET", upload.target).status == 410


def test_curl__resumed_after_a_break__is_one_use(sluice, curl, tmp_path):
    upload = put(sluice, 1)
    assert sluice.get(upload.target, span(0, 79_999)).status == 206
    (tmp_path / "part").write_bytes(BODY[:80_000])
    assert curl("-C", "-", "-o", tmp_path / "part", upload.url).returncode == 0
    assert (tmp_path / "part").read_bytes() == BODY
    assert settled(lambda: sluice.request("HEAD", upload.target).status == 410)


def test_empty_file__read_once__is_a_use(sluice):
    upload = put(sluice, 1, b"")
    with sluice.connect() as connection:
        assert connection.request("GET", upload.target).body == b""
        assert connection.request("GET", upload.target).status == 410


def test_large_file__more_uses_than_one__each_counted_once(sluice):
    body = pattern(3 * MIB, "uses")
    upload = put(sluice, 3, body)
    with sluice.connect() as connection:
        for count in (1, 2, 3):
            assert connection.request("GET", upload.target).body == body
            if count < 3:
                connection.request("GET", "/healthz")
                assert sluice.info(upload.link)["downloads"] == count
        assert connection.request("GET", upload.target).status == 410


def test_last_use__while_it_runs__reader_gets_all_of_it(fresh):
    body = pattern(12 * MIB, "last use")
    upload = put(fresh, 1, body)
    with fresh.connect(receive_buffer=8192) as connection:
        connection.send_request("GET", upload.target)
        connection.read_head()
        received = connection.read_exactly(10_000)
        fresh.request("HEAD", upload.target)
        received += connection.read_exactly(len(body) - 10_000)
        assert received == body
        assert connection.request("GET", upload.target).status == 410
