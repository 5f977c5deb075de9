"""Slow and silent clients are cut in time, and nobody else notices."""
import threading
import time

import pytest

from rawhttp import ConnectionEnded, head_bytes
from sluice import MIB, PATIENCE, Server, pattern, settled, uploaded


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("impatient") / "data",
                    ["--head-timeout", "1s", "--body-idle", "1s", "--send-idle", "1s",
                     "--keep-alive", "1s"])
    yield server.start()
    server.stop()


def test_head__that_stops_midway__408_and_closed(impatient):
    with impatient.connect() as connection:
        began = time.monotonic()
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert connection.response().status == 408
        assert 0.8 < time.monotonic() - began < 4 * PATIENCE
        assert connection.is_closed()


def test_head__dribbling_for_ever__cut_after_the_time_for_the_whole_head(impatient):
    with impatient.connect() as connection:
        began = time.monotonic()
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        while connection.is_silent(0.2) and time.monotonic() - began < 10:
            try:
                connection.send(b"X: y\r\n")
            except (BrokenPipeError, ConnectionResetError):
                break
        assert 0.8 < time.monotonic() - began < 5 * PATIENCE
        assert connection.rest(5).startswith(b"HTTP/1.1 408")


def test_second_head__that_stops_midway__408_too(impatient):
    with impatient.connect() as connection:
        assert connection.request("GET", "/healthz").status == 200
        connection.send(b"GET /healthz HT")
        assert connection.response().status == 408
        assert connection.is_closed()


def test_keep_alive__nothing_more_comes__closed_without_a_word(impatient):
    with impatient.connect() as connection:
        assert connection.request("GET", "/healthz").status == 200
        assert connection.is_closed(6 * PATIENCE)


def test_connection__that_never_speaks__closed(impatient):
    with impatient.connect() as connection:
        data = connection.rest(6 * PATIENCE)
        assert data == b"" or data.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("fields", [[("Content-Length", "100000")],
                                    [("Transfer-Encoding", "chunked")]], ids=["length", "chunked"])
def test_body__sender_falls_silent__cut_and_nothing_kept(impatient, fields):
    before = impatient.names()
    with impatient.connect() as connection:
        connection.send_head("PUT", "/silent.bin", fields)
        connection.send(b"7d0\r\n" + b"s" * 1500)
        began = time.monotonic()
        data = connection.rest(8 * PATIENCE)
        assert 0.8 < time.monotonic() - began
        assert data == b"" or data.startswith(b"HTTP/1.1 408")
    assert settled(lambda: impatient.names() <= before)


def test_body__slow_but_steady__taken_to_its_end_beside_one_that_is_cut(impatient):
    body = pattern(2000, "steady")
    with impatient.connect() as steady, impatient.connect() as silent:
        silent.send_head("PUT", "/silent.bin", [("Content-Length", "1000")])
        steady.send_head("PUT", "/steady.bin", [("Content-Length", "2000")])
        steady.send_slowly(body, 250, 0.28)
        upload = uploaded(steady.response())
        assert silent.rest(1)[:12] in (b"", b"HTTP/1.1 408")
    assert impatient.get(upload.target).body == body


def test_others__while_many_slow_ones_are_cut__answered_at_once(impatient):
    slow = [impatient.connect() for _ in range(100)]
    for number, connection in enumerate(slow):
        if number % 2:
            connection.send(b"GET /healthz HTTP/1.1\r\nX: ")
        else:
            connection.send_head("PUT", "/slow", [("Content-Length", "1000")])
            connection.send(b"slow")
    worst = 0.0
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        began = time.monotonic()
        assert impatient.get("/healthz").status == 200
        worst = max(worst, time.monotonic() - began)
        time.sleep(0.02)
    assert worst < 0.5 * PATIENCE
    for connection in slow:
        assert connection.rest(5 * PATIENCE)[:12] in (b"", b"HTTP/1.1 408")
        connection.close()


def test_reader__that_stops_reading__cut_after_the_send_idle_time(impatient):
    upload = impatient.put("large.bin", pattern(32 * MIB, "unread"))
    with impatient.connect(receive_buffer=8192) as connection:
        connection.send_head("GET", upload.target)
        assert connection.read_head().status == 200
        time.sleep(2.5 * PATIENCE)
        with pytest.raises(ConnectionEnded):
            connection.read_exactly(32 * MIB)


def test_reader__slow_but_steady__gets_everything(impatient):
    body = pattern(12 * MIB, "slow reader")
    upload = impatient.put("large.bin", body)
    with impatient.connect(receive_buffer=65536) as connection:
        connection.send_head("GET", upload.target)
        assert connection.read_head().status == 200
        received = bytearray()
        for _ in range(8):
            received += connection.read_exactly(256 * 1024)
            time.sleep(0.3)
        received += connection.read_exactly(12 * MIB - len(received))
    assert bytes(received) == body


def test_upload__client_vanishes_midway__leaves_no_object(fresh):
    for number, size in enumerate((10, 5000, 700_000, 3_000_000)):
        with fresh.connect() as connection:
            connection.send_head("PUT", "/gone.bin", [("Content-Length", "8000000")])
            connection.send(b"g" * size)
            if number % 2:
                connection.reset()
    assert settled(lambda: not fresh.stored()), fresh.stored()


def test_chunked_upload__client_vanishes_before_the_last_chunk__leaves_no_object(fresh):
    for ending in (b"", b"5\r\nabc", b"5\r\nabcde\r\n", b"5\r\nabcde\r\n0", b"0\r\n"):
        with fresh.connect() as connection:
            connection.send(head_bytes("PUT", "/gone", [("Host", "x"),
                                                        ("Transfer-Encoding", "chunked")]))
            connection.send(b"2\r\nok\r\n" + ending)
    assert settled(lambda: not fresh.stored()), fresh.stored()
    assert fresh.get("/healthz").status == 200


def test_download__reader_vanishes_midway__server_stays_well(fresh):
    body = pattern(8 * MIB, "vanishing reader")
    upload = fresh.put("v.bin", body)

    def vanish(reset):
        with fresh.connect(receive_buffer=4096) as connection:
            connection.send_head("GET", upload.target)
            connection.read_head()
            connection.read_exactly(10_000)
            if reset:
                connection.reset()

    threads = [threading.Thread(target=vanish, args=(n % 2,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fresh.get(upload.target).body == body
