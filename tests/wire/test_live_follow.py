"""GET of a link whose bytes are still arriving: it follows the upload to its end."""
import re
import threading
import time

import pytest

from live import Live, Reader, path_of
from rawhttp import ConnectionEnded
from sluice import KIB, MIB, PATIENCE, link_parts, pattern, settled

pytestmark = pytest.mark.workers

BODY = pattern(300_000, "live")


def early_put(server, name, *fields):
    """Begins a PUT that is told its link at once; returns its connection, target and key."""
    connection = server.connect()
    connection.send_head("PUT", "/" + name, [("Sluice-Early", "?1"), *fields])
    told = connection.read_one_head()
    assert told.status == 103, told
    target, link, _ = link_parts(told.header("Sluice-Link"))
    return connection, target, link


@pytest.mark.parametrize("known", [True, False])
def test_reader__before_the_first_byte__gets_each_byte_as_it_comes(sluice, known):
    live = Live(sluice, BODY, known=known)
    reader = live.follow()
    head = reader.head()
    assert head.status == 200 and head.chunked == (not known)
    assert head.header("Content-Length") == (str(len(BODY)) if known else None)
    for count in (1, 4095, 4096, 100_000, 7):
        assert reader.is_silent(0.1)
        begin = live.at
        live.append(count)
        assert reader.take(count) == BODY[begin:live.at]
    assert reader.is_silent()
    begin = live.at
    live.finish()
    assert reader.take(len(BODY) - begin) == BODY[begin:]
    assert reader.ends()
    assert reader.connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("known", [True, False])
def test_reader__late__gets_what_was_there_and_what_comes(sluice, known):
    live = Live(sluice, BODY, known=known)
    live.append(200_000)
    reader = live.follow()
    assert reader.take(200_000) == BODY[:200_000]
    live.finish()
    assert reader.take(100_000) == BODY[200_000:] and reader.ends()


@pytest.mark.parametrize("known", [True, False])
def test_readers__at_different_places__all_get_the_same_file(sluice, known):
    live = Live(sluice, BODY, known=known)
    readers = []
    for count in (10_000, 90_000, 1, 99_999):
        readers.append(live.follow())
        assert readers[0].head().status == 200
        live.append(count)
    live.finish()
    for reader in readers:
        assert reader.take(len(BODY)) == BODY and reader.ends()


def test_reader__while_one_request_sends__follows_it_within_the_request(sluice):
    live = Live(sluice, BODY)
    sender = live.connect()
    reader = live.follow()
    assert reader.head().status == 200
    for count in (16_384, 1, 50_000):
        begin = live.at
        live.send(sender, count)
        assert reader.take(count) == BODY[begin:live.at]
    live.send(sender, len(BODY))
    assert sender.response("PATCH").status == 204
    assert reader.take(len(BODY) - reader.taken) == BODY[66_385:] and reader.ends()


def test_reader__sender_goes_and_comes_back__pauses_and_goes_on(sluice):
    live = Live(sluice, BODY)
    reader = live.follow()
    for count in (70_000, 80_000):
        sender = live.connect()
        begin = live.at
        live.send(sender, count)
        assert reader.take(count) == BODY[begin:live.at]
        sender.reset()
        assert reader.is_silent()
    live.finish()
    assert reader.take(150_000) == BODY[150_000:] and reader.ends()


def test_reader__of_a_file_without_bytes__ends_when_it_is_complete(sluice):
    live = Live(sluice, b"", known=False)
    reader = live.follow()
    assert reader.head().chunked and reader.is_silent()
    live.finish()
    assert reader.ends()


def test_last_byte__kept_back_until_the_upload_is_complete(sluice):
    begun = sluice.request("PUT", "/short.bin", [("Upload-Complete", "?0"),
                                                 ("Upload-Length", "1000")], BODY[:1000])
    assert begun.status == 201, begun
    reader = Reader(sluice, link_parts(begun.header("Sluice-Link"))[0])
    assert reader.take(999) == BODY[:999] and reader.is_silent()
    ended = sluice.request("PATCH", path_of(begun),
                           [("Upload-Complete", "?1"), ("Upload-Offset", "1000"),
                            ("Content-Type", "application/partial-upload")], b"")
    assert ended.status in (200, 201, 204), ended
    assert reader.take(1) == BODY[999:1000] and reader.ends()


def test_last_byte__of_an_upload_with_another_digest__never_comes(sluice):
    connection, target, _ = early_put(sluice, "wrong.bin", ("Content-Length", "1000"),
                                      ("Repr-Digest", "sha-256=:" + "A" * 43 + "=:"))
    reader = Reader(sluice, target)
    assert reader.head().status == 200
    connection.send(BODY[:1000])
    assert connection.response("PUT").status == 400
    assert reader.is_cut() and reader.connection.buffer == b""
    assert sluice.get(target).status == 404


def test_early_put__of_unknown_length__is_followed_to_its_end(sluice):
    connection, target, link = early_put(sluice, "early.bin", ("Transfer-Encoding", "chunked"))
    reader = Reader(sluice, target)
    assert reader.head().chunked
    connection.send(b"4\r\nabcd\r\n")
    assert reader.take(4) == b"abcd" and reader.is_silent()
    assert sluice.info(link)["state"] == "arriving" and sluice.info(link)["size"] is None
    connection.send(b"3\r\nefg\r\n0\r\n\r\n")
    assert connection.response("PUT").status == 201
    assert reader.take(3) == b"efg" and reader.ends()
    assert sluice.get(target).body == b"abcdefg"


def test_old_client__of_unknown_length__gets_all_until_the_close(sluice):
    live = Live(sluice, BODY, known=False)
    reader = live.follow(version="HTTP/1.0")
    head = reader.head()
    assert head.header("Transfer-Encoding") is None and head.header("Content-Length") is None
    live.append(10_000)
    assert reader.connection.read_exactly(10_000) == BODY[:10_000]
    live.finish()
    assert reader.connection.rest() == BODY[10_000:]


def test_old_client__when_the_upload_is_deleted__is_reset(sluice):
    live = Live(sluice, BODY, known=False)
    reader = live.follow(version="HTTP/1.0")
    live.append(10_000)
    assert reader.head().status == 200
    assert reader.connection.read_exactly(10_000) == BODY[:10_000]
    live.delete()
    with pytest.raises(ConnectionResetError):
        reader.connection.sock.recv(1)


# ---- HEAD ----

def test_head__tells_the_state(sluice):
    live = Live(sluice, BODY, media_type="image/png")
    with sluice.connect() as connection:
        def head():
            connection.send_request("HEAD", live.target)
            response = connection.response("HEAD")
            assert response.status == 200 and response.header("Content-Length") == str(len(BODY))
            assert response.header("Content-Type") == "image/png"
            assert response.header("Accept-Ranges") == "bytes"
            return response
        first = head()
        assert first.header("Sluice-State") == "waiting"
        sender = live.connect()
        live.send(sender, 1000)
        assert settled(lambda: head().header("Sluice-State") == "arriving")
        sender.close()
        assert settled(lambda: head().header("Sluice-State") == "waiting")
        live.settle()
        live.finish()
        last = head()
        assert last.header("Sluice-State") == "ready"
        for name in ("ETag", "Content-Type", "Content-Disposition", "Content-Security-Policy"):
            assert first.header(name) == last.header(name), name


def test_head__of_unknown_length__has_none_and_no_body(sluice):
    live = Live(sluice, BODY, known=False)
    live.append(5000)
    with sluice.connect() as connection:
        connection.send_request("HEAD", live.target)
        response = connection.response("HEAD")
        assert response.status == 200 and response.header("Content-Length") is None
        assert connection.request("GET", "/healthz").status == 200


# ---- Ends that are none ----

@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("way", ["upload", "link", "api"])
def test_delete__cuts_its_readers(sluice, known, way):
    live = Live(sluice, BODY, known=known)
    live.append(100_000)
    reader = live.follow()
    assert reader.take(100_000) == BODY[:100_000]
    if way == "upload":
        live.delete()
    else:
        target = live.target if way == "link" else f"/api/files/{live.link}"
        response = sluice.request("DELETE", target, [("Authorization", f"Bearer {live.key}")])
        assert response.status == 204, response
    assert reader.is_cut()
    assert sluice.get(live.target).status == 404
    assert sluice.get(f"/api/files/{live.link}").status == 404


@pytest.mark.parametrize("framing", [("Content-Length", "100000"),
                                     ("Transfer-Encoding", "chunked")])
def test_sender__of_an_upload_that_cannot_be_resumed_goes__cuts_its_readers(sluice, framing):
    connection, target, _ = early_put(sluice, "gone.bin", framing)
    reader = Reader(sluice, target)
    connection.send(b"5\r\nhello\r\n" if framing[1] == "chunked" else b"hello")
    assert reader.take(5) == b"hello"
    connection.reset()
    assert reader.is_cut()
    assert sluice.get(target).status == 404


@pytest.mark.parametrize("known", [True, False])
def test_kill__cuts_readers__and_the_upload_goes_on(start, known):
    server = start()
    live = Live(server, BODY, known=known)
    live.append(100_000)
    reader = live.follow()
    assert reader.take(100_000) == BODY[:100_000]
    server.kill()
    assert reader.is_cut()
    again = start(data=server.data)
    live.server = again
    reader = live.follow()
    assert reader.take(100_000) == BODY[:100_000] and reader.is_silent(0.1)
    live.finish()
    assert reader.take(200_000) == BODY[100_000:] and reader.ends()


def test_stop__does_not_wait_for_an_upload_that_nobody_sends(start):
    server = start("--grace", "60s")
    live = Live(server, BODY)
    live.append(1000)
    reader = live.follow()
    assert reader.take(1000) == BODY[:1000]
    server.stop(within=20)
    assert reader.is_cut()


# ---- Costs ----

def test_reader__that_does_not_read__does_not_slow_the_sender(sluice):
    body = pattern(48 * MIB, "fast")
    live = Live(sluice, body)
    readers = [live.follow(receive_buffer=4096) for _ in range(4)]
    for reader in readers:
        assert reader.head().status == 200
    begun = time.monotonic()
    live.finish()
    assert time.monotonic() - begun < 20 * PATIENCE
    assert readers[0].take(1 * MIB) == body[:MIB]
    for reader in readers:
        reader.connection.reset()
    assert sluice.get(live.target).body == body


def test_readers__many_at_once__all_get_every_byte(sluice):
    body = pattern(24 * MIB, "many")
    live = Live(sluice, body)
    problems = []

    def read(at):
        try:
            time.sleep(at * 0.02)
            if live.follow().take(len(body)) != body:
                problems.append(f"reader {at}: other bytes")
        except (OSError, AssertionError, ConnectionEnded) as problem:
            problems.append(f"reader {at}: {problem!r}")

    threads = [threading.Thread(target=read, args=(at,)) for at in range(12)]
    for thread in threads:
        thread.start()
    while live.at < len(body):
        live.append(min(3 * MIB + 777, len(body) - live.at))
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert not problems, problems


def test_reader__that_has_left__is_noticed_while_nothing_comes(fresh):
    def connections():
        return int(re.search(r"^sluice_connections_open (\d+)$", fresh.metrics(), re.M)[1])

    live = Live(fresh, BODY)
    live.append(10 * KIB)
    readers = [live.follow() for _ in range(3)]
    for reader in readers:
        assert reader.take(10 * KIB) == BODY[:10 * KIB]
    assert connections() == 4
    for reader in readers[:2]:
        reader.close()
    assert settled(lambda: connections() == 2, within=30)
    live.finish()
    assert readers[2].take(len(BODY) - 10 * KIB) == BODY[10 * KIB:]
