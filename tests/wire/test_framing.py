"""Well-formed HTTP/1.1 in all its forms (RFC 9110, RFC 9112)."""
import re
import time

import pytest

from rawhttp import chunk, chunked, head_bytes
from sluice import link_parts, pattern, uploaded

DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d "
                  r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT\Z")


def test_keep_alive__many_requests_on_one_connection__all_answered(sluice, document):
    upload, body = document
    with sluice.connect() as connection:
        for _ in range(5):
            assert connection.request("GET", upload.target).body == body
            assert connection.request("GET", "/healthz").status == 200
            response = connection.request("GET", "/no/such/thing")
            assert response.status == 404 and response.keeps_alive


def test_keep_alive__connection_close_asked__closed_after_the_answer(sluice):
    with sluice.connect() as connection:
        response = connection.request("GET", "/healthz", [("Connection", "close")])
        assert response.status == 200
        assert "close" in response.header("Connection").lower()
        assert connection.is_closed()


@pytest.mark.parametrize("option", ["Close", "foo, close", "close,", "X , CLOSE"])
def test_keep_alive__close_in_any_spelling__closed_after_the_answer(sluice, option):
    with sluice.connect() as connection:
        assert connection.request("GET", "/healthz", [("Connection", option)]).status == 200
        assert connection.is_closed()


def test_answers__of_every_kind__carry_a_date(sluice, document):
    upload, _ = document
    for method, target in (("GET", upload.target), ("HEAD", upload.target), ("GET", "/nothing"),
                           ("GET", "/healthz"), ("POST", "/healthz"), ("OPTIONS", "*")):
        response = sluice.request(method, target)
        assert DATE.match(response.header("Date", "")), (method, target, response)


def test_pipelining__twenty_requests_at_once__answered_in_order(sluice):
    uploads = [sluice.put(f"{n}.bin", pattern(3000 + n, "pipeline")) for n in range(20)]
    with sluice.connect() as connection:
        connection.send(b"".join(head_bytes("GET", upload.target, [("Host", "x")])
                                 for upload in uploads))
        for number, _ in enumerate(uploads):
            assert connection.response().body == pattern(3000 + number, "pipeline")


def test_pipelining__uploads_and_downloads_mixed__answered_in_order(sluice, document):
    upload, body = document
    put = head_bytes("PUT", "/pipelined.txt", [("Host", "x"), ("Content-Length", "5")]) + b"hello"
    put_chunked = head_bytes("PUT", "/chunks.txt", [("Host", "x"),
                                                    ("Transfer-Encoding", "chunked")])
    with sluice.connect() as connection:
        connection.send(put + head_bytes("GET", upload.target, [("Host", "x")])
                        + put_chunked + chunked(b"chunked content", 4)
                        + head_bytes("HEAD", upload.target, [("Host", "x")])
                        + head_bytes("GET", "/healthz", [("Host", "x")]))
        first = uploaded(connection.response())
        assert connection.response().body == body
        second = uploaded(connection.response())
        assert connection.response("HEAD").header("Content-Length") == str(len(body))
        assert connection.response().status == 200
        assert connection.request("GET", first.target).body == b"hello"
        assert connection.request("GET", second.target).body == b"chunked content"


def test_requests__sent_byte_by_byte__understood(sluice):
    body = b"slow but sure"
    request = head_bytes("PUT", "/bytes.txt", [("Host", "x"), ("Transfer-Encoding", "chunked")])
    request += chunk(body[:5], b";a=b") + chunk(body[5:]) + b"0\r\nX-Trailer: t\r\n\r\n"
    with sluice.connect() as connection:
        connection.send_slowly(request, 1, 0.0005)
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == body


def test_requests__split_in_two_at_every_place__understood(sluice):
    body = b"0123456789"
    request = head_bytes("PUT", "/s", [("Host", "x"), ("Transfer-Encoding", "chunked")])
    request += chunk(body[:3]) + chunk(body[3:]) + b"0\r\n\r\n"
    with sluice.connect() as connection:
        for at in range(1, len(request)):
            connection.send(request[:at])
            time.sleep(0.001)
            connection.send(request[at:])
            upload = uploaded(connection.response())
            assert connection.request("GET", upload.target).body == body, at


def test_empty_line__before_the_request_line__skipped(sluice):
    with sluice.connect() as connection:
        connection.send(b"\r\n" + head_bytes("GET", "/healthz", [("Host", "x")]))
        assert connection.response().status == 200


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED"])
def test_chunked__coding_in_any_case__understood(sluice, coding):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/case.txt", [("Transfer-Encoding", coding)],
                                chunked(b"abc"))
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == b"abc"


@pytest.mark.parametrize("wire, body", [
    (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"0003\r\nabc\r\n0000\r\n\r\n", b"abc"),
    (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"01234567890123456789"),
    (b"3;name=value\r\nabc\r\n0;last\r\n\r\n", b"abc"),
    (b'3;name="quoted; \\" text"\r\nabc\r\n0\r\n\r\n', b"abc"),
    (b"3\r\n\r\n\r\r\n0\r\n\r\n", b"\r\n\r"),
    (b"3\r\nabc\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\n0\r\nContent-Length: 99\r\nHost: evil\r\n\r\n", b"abc"),
    (b"0\r\n\r\n", b""),
], ids=["plain", "zeros", "hex", "extension", "quoted", "crlf-in-data", "trailers",
        "framing-in-trailers", "empty"])
def test_chunked__extensions_and_trailers__only_the_data_is_stored(sluice, wire, body):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/c.bin", [("Transfer-Encoding", "chunked")])
        connection.send(wire)
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == body


def test_http_1_0__get_without_host__served_and_closed(sluice, document):
    upload, body = document
    with sluice.connect() as connection:
        connection.send(f"GET {upload.target} HTTP/1.0\r\n\r\n".encode())
        response = connection.response()
        assert response.status == 200 and response.body == body and not response.chunked
        assert connection.is_closed()


def test_http_1_0__put_with_length__stored(sluice):
    with sluice.connect() as connection:
        connection.send(b"PUT /old.txt HTTP/1.0\r\nHost: old.example\r\n"
                        b"Content-Length: 3\r\n\r\nold")
        upload = uploaded(connection.response())
        assert connection.is_closed()
    assert upload.url.startswith("http://old.example/")
    assert sluice.get(upload.target).body == b"old"


def test_http_1_0__two_pipelined_without_keep_alive__only_the_first_answered(sluice):
    with sluice.connect() as connection:
        connection.send(b"GET /healthz HTTP/1.0\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n")
        assert connection.response().status == 200
        assert connection.rest() == b""


def test_absolute_form__target_with_scheme_and_host__served(sluice, document):
    upload, body = document
    with sluice.connect() as connection:
        response = connection.request("GET", f"http://some.example{upload.target}")
        assert response.status == 200 and response.body == body


def test_absolute_form__other_host_in_the_target__overrides_the_host_field(sluice):
    with sluice.connect() as connection:
        response = connection.request("PUT", "http://target.example:81/a.txt",
                                      [("Host", "field.example")], b"x")
    assert uploaded(response).url.startswith("http://target.example:81/")


def test_head__of_a_file__same_fields_as_get_and_no_body(sluice, document):
    upload, body = document
    with sluice.connect() as connection:
        got = connection.request("GET", upload.target)
        connection.send_request("HEAD", upload.target)
        head = connection.response("HEAD")
        assert head.status == 200 and head.header("Content-Length") == str(len(body))
        for name in ("ETag", "Last-Modified", "Content-Type", "Content-Disposition",
                     "Accept-Ranges", "X-Content-Type-Options"):
            assert head.header(name) == got.header(name) is not None, name
        assert connection.is_silent(0.1)
        assert connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("target", ["/healthz", "/metrics", "/nothing/here", "/"])
def test_head__of_other_pages__no_body_and_the_connection_lives(sluice, target):
    with sluice.connect() as connection:
        connection.send_request("HEAD", target)
        connection.response("HEAD")
        assert connection.is_silent(0.1)
        assert connection.request("GET", "/healthz").status == 200


def test_options__asterisk__answered_without_content(sluice):
    response = sluice.request("OPTIONS", "*")
    assert response.status in (200, 204) and response.body == b""


def test_options__of_a_file__names_its_methods(sluice, document):
    response = sluice.request("OPTIONS", document[0].target)
    assert response.status in (200, 204)
    allowed = set(re.split(r",\s*", response.header("Allow")))
    assert {"GET", "HEAD", "OPTIONS"} <= allowed
    assert "POST" not in allowed and "TRACE" not in allowed


@pytest.mark.parametrize("method, target, expected", [
    ("POST", "/healthz", {"GET", "HEAD"}),
    ("DELETE", "/healthz", {"GET", "HEAD"}),
    ("DELETE", "/metrics", {"GET", "HEAD"}),
    ("DELETE", "/", {"POST", "PUT"}),
    ("POST", "/LINK/NAME", {"GET", "HEAD"}),
    ("PATCH", "/LINK/NAME", {"GET", "HEAD"}),
    ("POST", "/api/files/LINK", {"GET", "DELETE", "PATCH"}),
])
def test_method__known_but_not_here__405_with_allow(sluice, document, method, target, expected):
    upload, _ = document
    target = target.replace("/LINK/NAME", upload.target).replace("LINK", upload.link)
    with sluice.connect() as connection:
        response = connection.request(method, target, body=b"")
        assert response.status == 405
        allowed = set(re.split(r",\s*", response.header("Allow")))
        assert expected <= allowed and method not in allowed


@pytest.mark.parametrize("method", ["FROB", "get", "GETT", "G", "X-LONG-METHOD-NAME"])
def test_method__unknown__501(sluice, method):
    assert sluice.request(method, "/healthz").status == 501


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_method__that_is_never_served__refused(sluice, method):
    target = "x.example:80" if method == "CONNECT" else "/healthz"
    assert sluice.request(method, target).status in (400, 405, 501)


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3.0", "HTTP/9.9"])
def test_version__other_major__505(sluice, version):
    with sluice.connect() as connection:
        connection.send_request("GET", "/healthz", version=version)
        assert connection.response().status == 505
        assert connection.is_closed()


def test_target__of_eight_thousand_bytes__understood(sluice, document):
    upload, body = document
    response = sluice.get(upload.target + "?" + "a" * (7900 - len(upload.target)))
    assert response.status == 200 and response.body == body


def test_target__far_too_long__414_and_closed(sluice):
    with sluice.connect() as connection:
        connection.send_until_answered(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.response().status == 414
        assert connection.is_closed()


@pytest.mark.parametrize("fields", [
    b"X-Big: " + b"b" * 1_000_000 + b"\r\n",
    b"".join(b"X-%d: v\r\n" % number for number in range(5000)),
    b"X-" + b"n" * 300_000 + b": v\r\n",
], ids=["one-big-value", "many-fields", "one-long-name"])
def test_fields__too_big_or_too_many__431_and_closed(sluice, fields):
    with sluice.connect() as connection:
        connection.send_until_answered(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
        assert connection.response().status == 431
        assert connection.is_closed()


def test_fields__head_that_never_ends__431_before_its_end(sluice):
    with sluice.connect() as connection:
        connection.send_until_answered(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: "
                                      + b"e" * 1_000_000)
        assert connection.response().status == 431


def test_body_of_a_get__with_length__is_never_taken_for_a_request(sluice, document):
    upload, _ = document
    inner = head_bytes("GET", upload.target, [("Host", "x")])
    with sluice.connect() as connection:
        connection.send(head_bytes("GET", "/healthz", [
            ("Host", "x"), ("Content-Length", str(len(inner)))]) + inner)
        first = connection.response()
        assert first.status in (200, 400)
        if first.keeps_alive:
            assert connection.request("GET", "/no/such/thing").status == 404
        else:
            assert connection.rest() == b""


def test_early_refusal__with_the_body_still_coming__answer_arrives_whole(sluice):
    with sluice.connect() as connection:
        connection.send_head("POST", "/healthz", [("Content-Length", "3000000")])
        connection.send_until_answered(b"z" * 3_000_000)
        assert connection.response().status == 405


def test_names__of_the_location__are_those_of_the_request_host(sluice):
    response = sluice.request("PUT", "/n.txt", [("Host", "Files.Example:8080")], b"1")
    url = uploaded(response).url
    assert url.lower().startswith("http://files.example:8080/")
    assert link_parts(url)[2] == "n.txt"
