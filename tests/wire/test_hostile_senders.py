"""Senders that take memory and give nothing: what they hold must be there for everybody else."""
import socket
import time

import pytest

from rawhttp import chunk, head_bytes
from sluice import MIB, PATIENCE, Server, pattern, sha256

CHUNKS = 16  # twice as many as the large ones of a worker that has the least memory


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("small") / "data",
                    ["--workers", "1", "--memory", "4MiB", "--body-idle", "20s"])
    yield server.start()
    server.stop()


def begin_size(connection):
    connection.send_head("PUT", "/size.bin", [("Transfer-Encoding", "chunked")])
    connection.send(b"1")


def begin_chunk(connection):
    connection.send_head("PUT", "/chunk.bin", [("Transfer-Encoding", "chunked")])
    connection.send(chunk(b"some bytes"))


def begin_extension(connection):
    connection.send_head("PUT", "/extension.bin", [("Transfer-Encoding", "chunked")])
    connection.send(chunk(b"some bytes") + b"5;name=")


def begin_form(connection):
    connection.send_head("POST", "/", [("Content-Type", "multipart/form-data; boundary=b"),
                                       ("Content-Length", str(90 * MIB))])
    connection.send(b"--b\r\nContent-Disposition: form-data; name=f; filename=form.bin\r\n\r\n"
                    + b"y" * 40_000)


@pytest.mark.parametrize("begin", [begin_size, begin_chunk, begin_extension, begin_form])
def test_large_upload__beside_many_that_stopped__is_not_held_up(small, begin):
    body = pattern(3 * MIB, "beside")
    stopped = [small.connect() for _ in range(CHUNKS)]
    try:
        for connection in stopped:
            begin(connection)
        time.sleep(0.3)
        began = time.monotonic()
        upload = small.put("beside.bin", body)
        assert time.monotonic() - began < 3 * PATIENCE
        assert sha256(small.get(upload.target).body) == sha256(body)
    finally:
        for connection in stopped:
            connection.reset()


def test_form__that_pauses_in_each_file__arrives_whole(small):
    bodies = [pattern(size, f"pause {size}") for size in (10, 30_000, 700_000)]
    head = b"--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n"
    form = b"".join(head + body + b"\r\n" for body in bodies) + b"--b--\r\n"
    with small.connect() as connection:
        connection.send_head("POST", "/", [("Content-Type", "multipart/form-data; boundary=b"),
                                           ("Content-Length", str(len(form)))])
        for at in range(0, len(form), 200_003):
            connection.send(form[at:at + 200_003])
            time.sleep(0.25)
        response = connection.response()
        assert response.status == 201
        targets = [line.split("/", 3)[3] for line in response.text.splitlines()]
    assert [small.get("/" + target).body for target in targets] == bodies


@pytest.mark.parametrize("fields, sent", [([("Content-Length", "100")], b"x" * 50),
                                          ([("Transfer-Encoding", "chunked")], b"5\r\nabc")],
                         ids=["length", "chunked"])
def test_body__that_ends_early__400_and_nothing_in_the_log_of_errors(sluice, fields, sent):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/early.bin", fields)
        connection.send(sent)
        connection.sock.shutdown(socket.SHUT_WR)
        assert connection.response().status == 400
        assert connection.is_closed()
    assert not [line for line in sluice.log().splitlines()
                if "level=error" in line and "early.bin" in line]


def test_refused_body__that_dribbles__ends_the_connection_soon(sluice):
    with sluice.connect() as connection:
        connection.send_head("POST", "/healthz", [("Content-Length", "60000")])
        assert connection.response().status == 405
        began = time.monotonic()
        try:
            while time.monotonic() - began < 20 * PATIENCE:
                connection.send(b"x")
                time.sleep(0.1)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began < 8 * PATIENCE


def test_connections__over_the_limit_and_flooding__hold_nobody_up(start):
    server = start("--connections", "2", "--workers", "1")
    with server.connect() as first, server.connect() as second:
        for connection in (first, second):
            assert connection.request("GET", "/healthz").status == 200
        flood = head_bytes("PUT", "/flood", [("Host", "x"), ("Content-Length", "9" * 12)])
        flood += b"z" * 200_000
        for _ in range(20):
            with server.connect() as refused:
                try:
                    refused.send(flood)
                    assert refused.rest(5).startswith(b"HTTP/1.1 503")
                except (BrokenPipeError, ConnectionResetError, AssertionError):
                    pass
            assert first.request("GET", "/healthz").status == 200


def test_form__of_too_many_parts__413_that_tells_how_many(sluice):
    part = b"--b\r\nContent-Disposition: form-data; name=f\r\n\r\n\r\n"
    response = sluice.request("POST", "/", [("Content-Type", "multipart/form-data; boundary=b")],
                              part * 4097 + b"--b--\r\n")
    assert response.status == 413 and "4096" in response.text
