"""Progress over a WebSocket: handshake, messages, and all that a client may do wrong (RFC 6455)."""
import json
import time

import pytest

from rawhttp import ConnectionEnded
from sluice import MIB, PATIENCE, pattern
from watching import Sending, check_story
from websocket import (BINARY, CLOSE, PING, PONG, TEXT, WebSocket, close_payload, frame,
                       handshake)


@pytest.fixture
def upload(sluice):
    sending = Sending(sluice, pattern(MIB, "websocket"))
    yield sending
    sluice.request("DELETE", sending.target, [("Tus-Resumable", "1.0.0")])


@pytest.fixture
def socket(sluice, upload):
    """A watcher that has had its first message."""
    with WebSocket(sluice, upload.progress) as connected:
        assert connected.response.status == 101, connected.response
        assert json.loads(connected.read_until(TEXT)[0])["state"] == "waiting"
        yield connected


def test_messages__throttled_upload__to_the_last_and_a_clean_close(sluice, upload):
    with WebSocket(sluice, upload.progress) as watcher:
        upload.send_in_background(seconds=2)
        code, texts = watcher.read_close()
        upload.thread.join()
        assert code == 1000
        messages = [json.loads(text) for text in texts]
        check_story(messages, MIB)
        assert 6 < len(messages) <= 25
        watcher.send(frame(CLOSE, close_payload(1000)))
        assert watcher.is_over()


def test_messages__link_is_ready__one_and_a_close(sluice):
    done = sluice.put("done.bin", b"123")
    with WebSocket(sluice, f"/api/files/{done.link}/progress") as watcher:
        code, texts = watcher.read_close()
        assert code == 1000 and len(texts) == 1
        assert json.loads(texts[0])["state"] == "ready"
        watcher.send(frame(CLOSE))
        assert watcher.is_over()


def test_close__never_answered__connection_ends_all_the_same(sluice):
    done = sluice.put("done.bin", b"123")
    with WebSocket(sluice, f"/api/files/{done.link}/progress") as watcher:
        assert watcher.read_close()[0] == 1000
        began = time.monotonic()
        assert watcher.is_over(6 * PATIENCE)
        assert time.monotonic() - began > 1


@pytest.mark.parametrize("link, status", [("AAAAAAAAAAAAAAAAAAAAAA", 404)])
def test_handshake__link_that_is_not_there__a_problem_and_no_upgrade(sluice, link, status):
    with WebSocket(sluice, f"/api/files/{link}/progress") as watcher:
        assert watcher.response.status == status


def without(name):
    return [field for field in handshake() if field[0] != name]


@pytest.mark.parametrize("fields, status", [
    (handshake(version="8"), 426),
    (handshake(version="13, 8"), 426),
    (without("Sec-WebSocket-Version"), 426),
    (without("Upgrade"), 426),
    (without("Connection"), 400),
    (without("Sec-WebSocket-Key"), 400),
    (handshake(key="c2hvcnQ="), 400),
    (handshake(key="!" * 24), 400),
    (handshake() + [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")], 400),
    (handshake() + [("Sec-WebSocket-Version", "13")], 426),
    (handshake() + [("Content-Length", "5")], 400),
])
def test_handshake__malformed__refused_and_told_what_would_be_right(sluice, upload, fields, status):
    with sluice.connect() as connection:
        connection.send_head("GET", upload.progress, fields)
        response = connection.response()
        assert response.status == status, response
        if status == 426:
            assert response.header("Sec-WebSocket-Version") == "13"
            assert response.header("Upgrade") == "websocket"


def test_handshake__extensions_and_protocols_offered__none_is_taken(sluice, upload):
    fields = handshake(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits",
                       Sec_WebSocket_Protocol="chat, superchat")
    with WebSocket(sluice, upload.progress, fields=fields) as watcher:
        assert watcher.response.status == 101 # the class checks the rest
        watcher.read_until(TEXT)


def test_handshake__plain_request_on_the_same_url__lines(sluice, upload):
    for fields, version in (([], "HTTP/1.1"), ([("Upgrade", "h2c")], "HTTP/1.1"),
                            (without("Sec-WebSocket-Key"), "HTTP/1.0")):
        with sluice.connect() as connection:
            connection.send_head("GET", upload.progress, fields, version=version)
            response = connection.read_head()
            assert response.status == 200
            assert response.header("Content-Type") == "application/x-ndjson"


def test_origin__of_a_page_that_is_not_allowed__403(start):
    server = start("--cors-origin", "https://app.example.org")
    upload = Sending(server, pattern(1000))
    own = server.url("/").rstrip("/")
    for origin, status in (("https://app.example.org", 101), (own, 101),
                           ("https://evil.example", 403), ("null", 403),
                           ("https://app.example.org.evil.example", 403)):
        with WebSocket(server, upload.progress, fields=handshake(Origin=origin)) as watcher:
            assert watcher.response.status == status, origin
    with WebSocket(server, upload.progress) as watcher:
        assert watcher.response.status == 101 # no browser, no origin


def test_ping__of_a_client__answered_with_the_same_bytes(socket):
    for payload in (b"", b"hello", bytes(range(125))):
        socket.send(frame(PING, payload))
        assert socket.read_until(PONG) == (payload, [])
    socket.send(b"".join(frame(PING, b"%d" % number) for number in range(10)))
    assert [socket.read_until(PONG)[0] for _ in range(10)] == [b"%d" % n for n in range(10)]


def test_ping__byte_by_byte__answered(socket):
    for byte in frame(PING, b"slow"):
        socket.send(bytes([byte]))
        time.sleep(0.01)
    assert socket.read_until(PONG)[0] == b"slow"


def test_frames__sent_together_with_the_handshake__are_read(sluice, upload):
    with WebSocket(sluice, upload.progress, eagerly=frame(PING, b"early")) as watcher:
        assert watcher.read_until(PONG)[0] == b"early"


def test_messages__of_a_client__are_ignored(socket):
    socket.send(frame(TEXT, "ä€😀".encode()) + frame(BINARY, b"\xFF" * 4096) + frame(PONG, b"x"))
    socket.send(frame(TEXT, b"in ", fin=False) + frame(PING, b"between") + frame(0, b"two"))
    assert socket.read_until(PONG)[0] == b"between"
    for size in (0, 1, 125, 126, 127, 128, 4096):
        socket.send(frame(TEXT, b"*" * size))
    socket.send(frame(TEXT, "é".encode()[:1], fin=False) + frame(0, "é".encode()[1:]))
    socket.send(frame(PING, b"still here"))
    assert socket.read_until(PONG)[0] == b"still here"


BAD = {
    "unmasked": (frame(TEXT, b"x", masked=False), 1002),
    "unmasked_empty_close": (frame(CLOSE, masked=False), 1002),
    "rsv1": (frame(TEXT, b"x", rsv=4), 1002),
    "rsv2": (frame(PING, b"x", rsv=2), 1002),
    "rsv3": (frame(CLOSE, rsv=1), 1002),
    "opcode_3": (frame(3, b"x"), 1002),
    "opcode_7": (frame(7), 1002),
    "opcode_11": (frame(11), 1002),
    "opcode_15": (frame(15, b"x"), 1002),
    "control_of_126": (frame(PING, b"x" * 126), 1002),
    "close_of_126": (frame(CLOSE, close_payload(1000, b"x" * 124)), 1002),
    "control_in_fragments": (frame(PING, b"x", fin=False), 1002),
    "continuation_of_nothing": (frame(0, b"x"), 1002),
    "continuation_after_the_last": (frame(TEXT, b"a") + frame(0, b"b"), 1002),
    "message_inside_a_message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "length_16_too_long_a_form": (frame(TEXT, b"x" * 100, form=16), 1002),
    "length_64_too_long_a_form": (frame(TEXT, b"x" * 1000, form=64), 1002),
    "length_64_top_bit": (b"\x82\xFF" + b"\xFF" * 8 + bytes(4) + b"x", 1002),
    "too_long": (frame(BINARY, b"x" * 4097), 1009),
    "too_long_64": (frame(BINARY, b"x" * 65536), 1009),
    "too_long_and_not_all_there": (b"\x82\xFF\x7F" + b"\xFF" * 7 + bytes(4) + b"x", 1009),
    "too_long_in_fragments": (frame(TEXT, b"x" * 4096, fin=False) + frame(0, b"x"), 1009),
    "not_utf8": (frame(TEXT, b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xED\xA0\x80edited"), 1007),
    "not_utf8_cut": (frame(TEXT, b"\xF0\x9F\x98"), 1007),
    "not_utf8_overlong": (frame(TEXT, b"\xC0\xAF"), 1007),
    "not_utf8_too_high": (frame(TEXT, b"\xF4\x90\x80\x80"), 1007),
    "not_utf8_in_fragments": (frame(TEXT, b"\xF0\x9F", fin=False) + frame(0, b"\x20\x20"), 1007),
    "close_of_one_byte": (frame(CLOSE, b"\x03"), 1002),
    "close_reason_not_utf8": (frame(CLOSE, close_payload(1000, b"\xFF")), 1007),
    **{f"close_{code}": (frame(CLOSE, close_payload(code)), 1002)
       for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
}


@pytest.mark.parametrize("name", BAD)
def test_frame__against_the_rules__closed_with_its_code(socket, name):
    data, code = BAD[name]
    socket.send(data)
    assert socket.read_close() == (code, [])
    assert socket.is_over()


@pytest.mark.parametrize("code", [None, 1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close__of_a_client__answered_with_its_code(socket, code):
    payload = b"" if code is None else close_payload(code, "Schluß".encode())
    socket.send(frame(CLOSE, payload) + frame(TEXT, b"after") + frame(PING))
    assert socket.read_close() == (code, [])
    assert socket.is_over()


def test_client__vanishes__server_lets_go(start):
    server = start()
    upload = Sending(server, pattern(1000))
    gauge = "sluice_progress_watchers"

    def watchers():
        line, = [line for line in server.metrics().splitlines() if line.startswith(gauge + " ")]
        return int(line.split()[1])

    for reset in (False, True):
        with WebSocket(server, upload.progress) as watcher:
            watcher.read_until(TEXT)
            watcher.send(frame(TEXT, b"half a frame")[:5])
            assert watchers() == 1
            if reset:
                watcher.connection.reset()
        end = time.monotonic() + 5 * PATIENCE
        while watchers() and time.monotonic() < end:
            time.sleep(0.05)
        assert watchers() == 0


def test_server_goes_down__1001_at_once(start):
    server = start("--grace", "20s")
    upload = Sending(server, pattern(1000))
    with WebSocket(server, upload.progress) as watcher:
        watcher.read_until(TEXT)
        began = time.monotonic()
        server.stop()
        assert watcher.read_close()[0] == 1001
        assert time.monotonic() - began < 5 * PATIENCE


@pytest.mark.deep
def test_ping__of_the_server__comes_and_silence_ends_the_connection(socket):
    began = time.monotonic()
    socket.connection.sock.settimeout(60)
    assert socket.read_until(PING)[0] == b""
    assert 20 < time.monotonic() - began < 30 * PATIENCE
    socket.send(frame(PONG))
    for _ in range(2):
        socket.read_until(PING)
    with pytest.raises(ConnectionEnded):
        socket.read_frame()
    assert 90 < time.monotonic() - began < 130 * PATIENCE
