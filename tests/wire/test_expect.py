"""Expect: 100-continue (RFC 9110 section 10.1.1): 100 only when the body will be taken."""
import pytest

from rawhttp import chunked
from sluice import MIB, pattern, uploaded

EXPECT = ("Expect", "100-continue")


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_expect__upload_that_is_welcome__100_then_201(sluice, framing):
    body = pattern(50_000, "expect")
    chunks = framing == "chunked"
    fields = [("Transfer-Encoding", "chunked")] if chunks else [("Content-Length", "50000")]
    with sluice.connect() as connection:
        connection.send_head("PUT", "/expected.bin", [*fields, EXPECT])
        assert connection.read_one_head().status == 100
        assert connection.is_silent(0.1)
        connection.send(chunked(body) if chunks else body)
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == body


def test_expect__form_that_is_welcome__100_then_201(sluice):
    body = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
            b"content\r\n--b--\r\n")
    with sluice.connect() as connection:
        connection.send_head("POST", "/", [
            ("Content-Type", "multipart/form-data; boundary=b"),
            ("Content-Length", str(len(body))), ("expect", "100-Continue")])
        assert connection.read_one_head().status == 100
        connection.send(body)
        assert uploaded(connection.response()).name == "f.txt"


@pytest.mark.parametrize("method, target, fields, status", [
    ("POST", "/healthz", [], 405),
    ("PUT", "/a.txt", [("Max-Downloads", "many")], 400),
    ("PUT", "/a.txt", [("Sluice-Expires", "soon")], 400),
    ("PUT", "/a%00b", [], 400),
    ("POST", "/", [("Content-Type", "multipart/form-data")], 400),
], ids=["method", "downloads", "expires", "name", "boundary"])
def test_expect__request_that_is_refused__final_status_without_100(
        sluice, method, target, fields, status):
    with sluice.connect() as connection:
        connection.send_head(method, target, [*fields, ("Content-Length", "1000000"), EXPECT])
        response = connection.response()
        assert response.status == status and response.interim == []


def test_expect__ambiguous_framing__400_without_100_and_closed(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/a", [
            ("Content-Length", "5"), ("Transfer-Encoding", "chunked"), EXPECT])
        response = connection.response()
        assert response.status == 400 and response.interim == []
        assert connection.is_closed()


def test_expect__larger_than_the_limit__413_without_100(start):
    server = start("--max-size", "1MiB")
    with server.connect() as connection:
        connection.send_head("PUT", "/big", [("Content-Length", str(MIB + 1)), EXPECT])
        response = connection.response()
        assert response.status == 413 and response.interim == []


def test_expect__from_http_1_0__ignored(sluice):
    with sluice.connect() as connection:
        connection.send_head("PUT", "/old.txt", [("Content-Length", "3"), EXPECT],
                             version="HTTP/1.0")
        connection.send(b"abc")
        response = connection.response()
        assert response.status == 201 and response.interim == []


def test_expect__client_does_not_wait__stored_all_the_same(sluice):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/eager.txt", [EXPECT], b"eager")
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == b"eager"


def test_expect__on_a_request_without_body__answered_once(sluice):
    with sluice.connect() as connection:
        connection.send_head("GET", "/healthz", [EXPECT])
        assert connection.response().status == 200
        assert connection.request("GET", "/healthz").status == 200


def test_expect__something_unknown__417_or_ignored(sluice):
    with sluice.connect() as connection:
        connection.send_request("PUT", "/u.txt", [("Expect", "miracle")], b"u")
        assert connection.response().status in (201, 417)


def test_expect__curl_with_a_big_file__waits_for_100_and_sends_it_once(sluice, curl, tmp_path):
    body = pattern(2 * MIB, "curl-expect")
    (tmp_path / "big.bin").write_bytes(body)
    done = curl("-v", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
                "-T", tmp_path / "big.bin", sluice.url())
    assert done.returncode == 0, done.stderr
    assert b"< HTTP/1.1 100" in done.stderr and b"< HTTP/1.1 201" in done.stderr
    assert curl(done.stdout.decode().strip()).stdout == body
