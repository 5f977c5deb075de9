"""Bounds that protect the server: size of a file, connections and uploads of one address."""
import time

import pytest

from rawhttp import ConnectionEnded
from sluice import MIB, pattern, settled, uploaded

pytestmark = pytest.mark.workers


def open_upload(server, **options):
    connection = server.connect(**options)
    connection.send_head("PUT", "/open.bin", [("Content-Length", "10")])
    connection.send(b"12345")
    return connection


def test_max_size__declared_too_large__413_before_the_body(start):
    server = start("--max-size", "1MiB")
    for target, method in (("/big.bin", "PUT"), ("/", "POST")):
        with server.connect() as connection:
            connection.send_head(method, target, [("Content-Length", str(MIB + 1))])
            assert connection.response().status == 413
    with server.connect() as connection:
        connection.send_head("PUT", "/huge", [("Content-Length", str(2**63 - 1))])
        assert connection.response().status == 413
    assert not server.stored()


@pytest.mark.parametrize("piece", [1000, 100_000, 2_000_000])
def test_max_size__of_unknown_length__413_at_the_limit_and_nothing_kept(start, piece):
    server = start("--max-size", "1MiB")
    with server.connect() as connection:
        connection.send_head("PUT", "/stream.bin", [("Transfer-Encoding", "chunked")])
        for _ in range(4_000_000 // piece):
            connection.send_until_answered(b"%x\r\n%s\r\n" % (piece, b"s" * piece))
            if connection.buffer:
                break
        assert connection.response().status == 413
    assert settled(lambda: not server.stored())


def test_max_size__exactly_reached__stored(start):
    server = start("--max-size", "1MiB")
    body = pattern(MIB)
    assert server.get(server.put("exact.bin", body).target).body == body
    assert server.get(server.put_chunked("exact.bin", body).target).body == body
    with server.connect() as connection:
        response = connection.request("PUT", "/over.bin", [("Transfer-Encoding", "chunked")],
                                      b"100001\r\n" + body + b"x\r\n0\r\n\r\n")
        assert response.status == 413


def test_no_max_size__absurd_length__refused_before_the_body(sluice):
    before = sluice.names()
    with sluice.connect() as connection:
        connection.send_head("PUT", "/absurd", [("Content-Length", str(2**63 - 1))])
        assert connection.response().status in (400, 413, 507)
    assert settled(lambda: not sluice.names() - before)


def test_connections__more_than_one_address_may_have__refused_politely(start):
    server = start("--connections-per-address", "5")
    held = [settled(lambda: admitted(server)) for _ in range(5)]
    with server.connect() as connection:
        assert_refused_by_limit(connection)
    with server.connect(source="127.0.0.2") as other:
        assert other.request("GET", "/healthz").status == 200
    for connection in held:
        assert connection.request("GET", "/healthz").status == 200
    held.pop().close()
    assert settled(server.is_healthy)
    for connection in held:
        connection.close()


def admitted(server, **options):
    """A connection that was answered, or None while one that just ended still counts."""
    connection = server.connect(**options)
    if connection.request("GET", "/healthz").status == 200:
        return connection
    connection.close()
    return None


def assert_refused_by_limit(connection):
    """The reason is told with a status and Retry-After, and the connection ends."""
    try:
        connection.send_until_answered(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        response = connection.response()
    except (ConnectionEnded, ConnectionResetError) as ended:
        raise AssertionError("closed without the reason") from ended
    assert response.status in (429, 503)
    assert int(response.header("Retry-After")) > 0
    assert connection.is_closed()


def test_connections__more_than_the_server_may_have__refused_politely(start):
    server = start("--connections", "6")
    held = [settled(lambda: admitted(server, source=f"127.0.0.{number}"))
            for number in range(1, 7)]
    with server.connect() as connection:
        assert_refused_by_limit(connection)
    for connection in held:
        assert connection.request("GET", "/healthz").status == 200
        connection.close()
    assert settled(server.is_healthy)


def test_uploads__more_than_one_address_may_have_open__429_with_retry_after(start):
    server = start("--uploads-per-address", "3")
    held = [open_upload(server) for _ in range(3)]
    time.sleep(0.3)
    with server.connect() as connection:
        connection.send_head("PUT", "/fourth.bin", [("Content-Length", "10"),
                                                    ("Expect", "100-continue")])
        response = connection.response()
        assert response.status in (429, 503) and response.interim == []
        assert int(response.header("Retry-After")) > 0
    assert server.get("/healthz").status == 200
    with open_upload(server, source="127.0.0.2") as other:
        other.send(b"67890")
        assert other.response().status == 201
    held[0].send(b"67890")
    upload = uploaded(held[0].response())
    assert server.get(upload.target).body == b"1234567890"
    assert server.put("again.bin", b"again").response.status == 201
    for connection in held:
        connection.close()


def test_uploads__that_were_broken_off__are_given_back(start):
    server = start("--uploads-per-address", "2")
    for _ in range(6):
        open_upload(server).reset()
        open_upload(server).close()
        assert settled(lambda: server.request("PUT", "/x", [], b"x").status == 201)


def test_limits__behind_a_trusted_proxy__count_the_forwarded_address(start):
    server = start("--uploads-per-address", "1", "--trusted-proxy", "127.0.0.0/8")
    held = []
    for number in range(3):
        connection = server.connect()
        connection.send_head("PUT", "/p.bin", [("Content-Length", "10"),
                                               ("X-Forwarded-For", f"192.0.2.{number}")])
        connection.send(b"12345")
        held.append(connection)
    for connection in held:
        connection.send(b"67890")
        assert connection.response().status == 201
        connection.close()
