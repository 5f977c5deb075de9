"""Every ambiguous framing is refused and the connection closed (RFC 9112 sections 2.2, 5, 6, 11).

Each test sends an ill-formed request and right behind it a well-formed one. A server that answers
twice has read the second, which another party on the way may have taken for a part of the first.
"""
import pytest

from rawhttp import ConnectionEnded, head_bytes
from sluice import settled

FOLLOWER = head_bytes("GET", "/healthz", [("Host", "follower")])


def assert_refused(server, request, statuses=range(400, 600)):
    """Checks that the request gets one refusal, that nothing follows it, and nothing is kept."""
    before = server.names()
    with server.connect() as connection:
        connection.send_until_answered(request + FOLLOWER)
        response = connection.response()
        assert response.status in statuses, response
        assert connection.rest(10) == b"", "bytes after the refusal, or no end of the connection"
    assert settled(lambda: not server.names() - before), "bytes were kept"


def get(*lines):
    return b"GET /healthz HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def put(*lines, body=b""):
    return (b"PUT /smuggled HTTP/1.1\r\nHost: x\r\n" + b"".join(line + b"\r\n" for line in lines)
            + b"\r\n" + body)


@pytest.mark.parametrize("line", [
    b"GET /healthz", b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1",
    b"GET\t/healthz HTTP/1.1", b"GET /healthz\tHTTP/1.1", b" GET /healthz HTTP/1.1",
    b"GET /healthz HTTP/1.1 ", b"GET /healthz http/1.1", b"GET /healthz HTTP/1",
    b"GET /healthz HTTP/1.1.1", b"GET /healthz HTTP/11", b"GET /healthz HTTP/1.x",
    b"GET /healthz HTTP/+1.1", b"GET /healthz HTTPS/1.1", b"GET healthz HTTP/1.1",
    b"GET /health z HTTP/1.1", b"GET * HTTP/1.1", b"GET x.example:80 HTTP/1.1",
    b"GET /healthz#part HTTP/1.1", b"GET /health\x00z HTTP/1.1", b"GET /health\x01z HTTP/1.1",
    b"GET /health\x7fz HTTP/1.1", b"GET /health\xffz HTTP/1.1", b"GET /%00 HTTP/1.1",
    b"GET /%zz HTTP/1.1", b"GET /% HTTP/1.1", b"GET /%4 HTTP/1.1",
    b"GET http:// HTTP/1.1", b"G@T /healthz HTTP/1.1", b"G\x00T /healthz HTTP/1.1",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"", b" ",
])
def test_request_line__malformed__refused(sluice, line):
    assert_refused(sluice, line + b"\r\nHost: x\r\n\r\n")


def test_host__missing_in_1_1__400(sluice):
    assert_refused(sluice, b"GET /healthz HTTP/1.1\r\n\r\n", [400])


@pytest.mark.parametrize("lines", [
    (b"Host: a", b"Host: a"), (b"Host: a", b"Host: b"), (b"Host: a", b"hOST: b"),
    (b"Host: a b",), (b"Host: a/b",), (b"Host: user@a",), (b"Host: a?b",),
    (b"Host: a#b",), (b"Host: a:b",), (b"Host: a:1:2",), (b"Host: [::1",), (b"Host: a\x01b",),
    (b"Host: a\\b",), (b"Host: <a>",), (b"Host: a\xff",), (b"Host: a:-1",),
])
def test_host__twice_or_malformed__400(sluice, lines):
    assert_refused(sluice, get(*lines), [400])


@pytest.mark.parametrize("lines", [
    (b"Host: x", b"X-Folded: one", b" two"), (b"Host: x", b"X-Folded: one", b"\ttwo"),
    (b" Host: x",), (b"\tX: y", b"Host: x"), (b"Host : x",), (b"Host\t: x",),
    (b"Host: x", b"X-Space : y"), (b"Host: x", b"X Y: z"), (b"Host: x", b": no name"),
    (b"Host: x", b"no colon"), (b"Host: x", b"X@Y: z"), (b"Host: x", b"X\xe4Y: z"),
    (b"Host: x", b"X(Y): z"), (b'Host: x', b'"X": z'), (b"Host: x", b"X\x00Y: z"),
    (b"Host: x", b"X: a\x00b"), (b"Host: x", b"X: a\rb"), (b"Host: x", b"X: a\nb"),
    (b"Host: x", b"X: a\r"), (b"Host: x", b"X: a\nY: b"), (b"Host: x\nX: y",),
    (b"Host: x", b"X: a\x01b"), (b"Host: x", b"X: a\x7fb"),
], ids=repr)
def test_field__malformed__400(sluice, lines):
    assert_refused(sluice, get(*lines), [400])


@pytest.mark.parametrize("request_bytes", [
    b"GET /healthz HTTP/1.1\nHost: x\n\n",
    b"GET /healthz HTTP/1.1\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\n",
    b"GET /healthz HTTP/1.1\rHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\r\n\r\n",
])
def test_line_end__bare_lf_or_cr__400(sluice, request_bytes):
    assert_refused(sluice, request_bytes, [400])


@pytest.mark.parametrize("lines", [
    (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    (b"Transfer-Encoding: chunked", b"Content-Length: 0"),
    (b"content-length: 5", b"TRANSFER-ENCODING: chunked"),
    (b"Content-Length: 5", b"Transfer-Encoding: identity"),
    (b"Content-Length: 5", b"Transfer-Encoding:"),
])
def test_length_and_coding__together__400(sluice, lines):
    assert_refused(sluice, put(*lines, body=b"0\r\n\r\n"), [400, 501])


@pytest.mark.parametrize("lines", [
    (b"Content-Length: 5", b"Content-Length: 6"), (b"Content-Length: 6", b"Content-Length: 5"),
    (b"Content-Length: 5", b"Content-Length: 5"), (b"Content-Length: 5, 5",),
    (b"Content-Length: 5, 6",), (b"Content-Length: 5,",), (b"Content-Length: ,5",),
    (b"Content-Length: +5",), (b"Content-Length: -5",), (b"Content-Length: -0",),
    (b"Content-Length: 0x5",), (b"Content-Length: 5.0",), (b"Content-Length: 5e0",),
    (b"Content-Length: 5 5",), (b"Content-Length: 5x",), (b"Content-Length:",),
    (b"Content-Length: five",), (b"Content-Length: 5;",), (b'Content-Length: "5"',),
    (b"Content-Length: 18446744073709551616",), (b"Content-Length: 18446744073709551621",),
    (b"Content-Length: 99999999999999999999999999",), (b"Content-Length: 5\x0b",),
    (b"Content-Length: \xb2",), (b"Content-Length : 5",), (b"Content-Length: 5\x00",),
])
def test_length__ambiguous_or_malformed__refused(sluice, lines):
    assert_refused(sluice, put(*lines, body=b"hello"), [400, 413])


@pytest.mark.parametrize("lines", [
    (b"Transfer-Encoding: xchunked",), (b"Transfer-Encoding: chunkedx",),
    (b"Transfer-Encoding: chunked, chunked",), (b"Transfer-Encoding: chunked, identity",),
    (b"Transfer-Encoding: chunked, gzip",), (b"Transfer-Encoding: gzip, chunked",),
    (b"Transfer-Encoding: gzip",), (b"Transfer-Encoding: identity",), (b"Transfer-Encoding:",),
    (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    (b"Transfer-Encoding: x", b"Transfer-Encoding: chunked"),
    (b"Transfer-Encoding: \x0bchunked",), (b"Transfer-Encoding: chunked\x00",),
    (b'Transfer-Encoding: "chunked"',), (b"Transfer-Encoding: chunked;q=1",),
    (b"Transfer-Encoding: 'chunked'",), (b"Transfer-Encoding : chunked",),
    (b"Transfer-Encoding\t: chunked",), (b"Transfer-Encoding: chun ked",),
    (b" Transfer-Encoding: chunked",), (b"Transfer-Encoding:\r\n chunked",),
    (b"Transfer-Encoding: chunked\n", b"X: y"),
], ids=repr)
def test_coding__unknown_doubled_or_malformed__refused(sluice, lines):
    assert_refused(sluice, put(*lines, body=b"0\r\n\r\n"), [400, 501])


def test_coding__in_http_1_0__400(sluice):
    assert_refused(sluice, b"PUT /old HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b"3\r\nabc\r\n0\r\n\r\n", [400])


@pytest.mark.parametrize("wire", [
    b"g\r\nabc\r\n", b"-3\r\nabc\r\n", b"+3\r\nabc\r\n", b"0x3\r\nabc\r\n", b"\r\nabc\r\n",
    b" 3\r\nabc\r\n", b"3 \r\nabc\r\n", b"3\nabc\r\n", b"3\r\nabc\n", b"3\r\nabcd\r\n",
    b"3\r\nabcXY", b"3\r\nabc\r\r", b"3\r\nab\r\n0\r\n\r\n", b"3\rabc\r\n", b"3 3\r\nabc\r\n",
    b"3;a\nb\r\nabc\r\n", b"3;a\rb\r\nabc\r\n", b"3;a\x00b\r\nabc\r\n", b"3,3\r\nabc\r\n",
    b"10000000000000003\r\nabc\r\n", b"ffffffffffffffff\r\nabc\r\n",
    b"00000000000000000000000000000000000003\r\nabc\r\n" * 3 + b"x\r\n",
    b"3\r\nabc\r\n0\n\n", b"3\r\nabc\r\n0\r\n\n", b"3\r\nabc\r\n0\r\nno colon\r\n\r\n",
    b"3\r\nabc\r\n0\r\nX : y\r\n\r\n", b"3\r\nabc\r\n0\r\nX: y\r\n folded\r\n\r\n",
    b"3\r\nabc\r\n0\r\nX: a\x00b\r\n\r\n", b"3\r\nabc\r\n0\r\nX: y\n\r\n",
    b"3;" + b"e" * 200_000 + b"\r\nabc\r\n",
    b"3\r\nabc\r\n0\r\nX: " + b"t" * 1_000_000 + b"\r\n\r\n",
    b"3\r\nabc\r\n0\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
    b"1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n" * 50_000,
], ids=lambda wire: repr(wire[:24]))
def test_chunks__malformed__refused_and_nothing_kept(sluice, wire):
    if b"\r\n0" not in wire:
        wire += b"0\r\n\r\n"  # so that a server blind to the fault sees a whole request
    assert_refused(sluice, put(b"Transfer-Encoding: chunked", body=wire), [400, 413, 431, 507])


@pytest.mark.parametrize("lines, body", [
    ((b"Content-Length: 5", b"Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    ((b"Content-Length: 0", b"Content-Length: 44"), b""),
    ((b"Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
])
def test_smuggled_delete__behind_an_ambiguous_body__never_carried_out(sluice, lines, body):
    victim = sluice.put("victim.txt", b"still here")
    delete = head_bytes("DELETE", f"/{victim.link}", [
        ("Host", "x"), ("Authorization", f"Bearer {victim.key}")])
    with sluice.connect() as connection:
        connection.send_until_answered(put(*lines, body=body + delete))
        assert connection.response().status >= 400
        assert connection.rest(10) == b""
    assert sluice.get(victim.target).body == b"still here"


def test_refusal__when_more_bytes_keep_coming__is_not_lost_to_a_reset(sluice):
    for _ in range(20):
        with sluice.connect() as connection:
            connection.send_head("PUT", "/x", [("Content-Length", "5, 6")])
            try:
                connection.send(b"x" * 200_000)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                assert connection.response().status == 400
            except ConnectionEnded as ended:
                raise AssertionError("the refusal was lost: linger before closing") from ended


def test_tunnel__upgrade_with_a_body__body_is_not_taken_for_a_request(sluice):
    with sluice.connect() as connection:
        connection.send(head_bytes("POST", "/healthz", [
            ("Host", "x"), ("Connection", "Upgrade"), ("Upgrade", "websocket"),
            ("Content-Length", str(len(FOLLOWER)))]) + FOLLOWER)
        first = connection.response()
        assert first.status in (400, 405, 426)
        if first.keeps_alive:
            assert connection.request("GET", "/no/such/thing").status == 404
        else:
            assert connection.rest() == b""
