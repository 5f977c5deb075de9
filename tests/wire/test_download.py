"""GET and HEAD of a stored file: its bytes, its fields, and the safety of whoever opens it."""
import base64
import hashlib
import re

import pytest

from sluice import MIB, link_parts, pattern, settled

INLINE = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "audio/mpeg",
          "audio/ogg", "video/mp4", "video/webm", "text/plain", "application/pdf"]
ATTACHED = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml",
            "text/javascript", "application/javascript", "text/css", "application/wasm",
            "application/zip", "application/octet-stream", "application/x-shockwave-flash",
            "multipart/x-mixed-replace", "message/rfc822", "x/unheard-of", "text/htm",
            "TEXT/HTML; charset=utf-8", "image/svg+xml; x=y"]


def test_get__of_a_file__carries_all_fields_of_a_safe_answer(sluice, document):
    upload, body = document
    response = sluice.get(upload.target)
    assert response.status == 200 and response.body == body and not response.chunked
    assert response.header("Accept-Ranges") == "bytes"
    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', response.header("ETag"))
    assert response.header("Last-Modified").endswith(" GMT")
    assert response.header("X-Content-Type-Options") == "nosniff"
    policy = response.header("Content-Security-Policy")
    assert re.search(r"(^|;)\s*sandbox\s*(;|$)", policy) and "default-src 'none'" in policy
    assert response.header("Referrer-Policy") == "no-referrer"
    assert response.header("Cross-Origin-Resource-Policy") in ("same-origin", "same-site",
                                                               "cross-origin")
    assert response.header("Set-Cookie") is None


def test_get__link_without_name__serves_the_bytes_to_programs(sluice, document):
    upload, body = document
    response = sluice.get(f"/{upload.link}", ("Accept", "*/*"))
    assert response.status == 200 and response.body == body
    assert sluice.get(f"/{upload.link}").body == body


def test_etag__of_two_uploads__differs_and_stays_over_a_restart(start):
    server = start()
    one, two = server.put("a", b"one"), server.put("a", b"two")
    etags = [server.get(upload.target).header("ETag") for upload in (one, two)]
    modified = server.get(one.target).header("Last-Modified")
    assert etags[0] != etags[1]
    server.stop()
    again = start(data=server.data)
    assert [again.get(upload.target).header("ETag") for upload in (one, two)] == etags
    assert again.get(one.target).header("Last-Modified") == modified


@pytest.mark.parametrize("content_type", INLINE)
def test_disposition__safe_type__inline(sluice, content_type):
    upload = sluice.put("safe.bin", b"x", ("Content-Type", content_type))
    response = sluice.get(upload.target)
    assert response.header("Content-Type").split(";")[0] == content_type
    assert response.header("Content-Disposition").startswith("inline;")
    assert response.header("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("content_type", ATTACHED)
def test_disposition__any_other_type__attachment_that_no_browser_runs(sluice, content_type):
    upload = sluice.put("page.html", b"<script>alert(1)</script>", ("Content-Type", content_type))
    for method in ("GET", "HEAD"):
        response = sluice.request(method, upload.target)
        assert response.header("Content-Disposition").startswith("attachment;")
        assert response.header("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in response.header("Content-Security-Policy")


@pytest.mark.parametrize("query", ["?download", "?download=1"])
def test_disposition__download_asked__attachment_even_for_a_safe_type(sluice, document, query):
    upload, body = document
    response = sluice.get(upload.target + query)
    assert response.header("Content-Disposition").startswith("attachment;")
    assert response.body == body


@pytest.mark.parametrize("value", ["text", "", "/", "text/", "text/plain\tx", "tex t/plain",
                                   "a/" + "b" * 5000, "image/png\x80"])
def test_type__malformed__never_comes_back_as_it_was(sluice, value):
    response = sluice.request("PUT", "/t.bin", [("Content-Type", value)], b"t")
    assert response.status in (201, 400, 415)
    if response.status == 201:
        got = sluice.get(link_parts(response.header("Location"))[0])
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", got.header("Content-Type"))


@pytest.mark.parametrize("given", [True, False], ids=["told-at-upload", "not-told"])
def test_want_repr_digest__sha_256__comes_with_the_bytes(sluice, given):
    body = pattern(100_003, f"digest {given}")
    value = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
    upload = sluice.put("d.bin", body, *([("Repr-Digest", value)] if given else []))

    def told(method, *fields):
        response = sluice.request(method, upload.target, [("Want-Repr-Digest", "sha-256=10"),
                                                          *fields])
        assert response.status in (200, 206)
        return response.header("Repr-Digest")

    assert settled(lambda: told("GET") == value)
    assert told("HEAD") == value
    assert told("GET", ("Range", "bytes=0-9")) == value


@pytest.mark.parametrize("want", ["unheard-of=10", "sha-256=0", "nonsense", "="])
def test_want_repr_digest__nothing_we_have__served_without(sluice, document, want):
    response = sluice.get(document[0].target, ("Want-Repr-Digest", want))
    assert response.status == 200 and response.header("Repr-Digest") is None


@pytest.mark.parametrize("target", [
    "/AAAAAAAAAAAAAAAAAAAAAA", "/AAAAAAAAAAAAAAAAAAAAAA/name.txt", "/nothing", "/a/b/c",
    "/api/files/AAAAAAAAAAAAAAAAAAAAAA", "/api/files/", "/api/files/short", "/api/nothing",
    "/objects", "/catalog.db", "/../catalog.db", "/AAAAAAAAAAAAAAAAAAAAA", "/%2e%2e/catalog.db",
    "/AAAAAAAAAAAAAAAAAAAAAAA/name.txt", "/assets/nothing.js",
])
def test_get__unknown_link_or_path__404(sluice, target):
    assert sluice.get(target).status in ((404,) if ".." not in target and "%2e" not in target
                                         else (400, 404))


def test_get__link_in_other_case__404(sluice, document):
    upload, _ = document
    swapped = upload.link.swapcase()
    assert sluice.get(f"/{swapped}").status == 404


def test_get__many_large_files_on_one_connection__all_equal(sluice):
    bodies = [pattern(2 * MIB + n, n) for n in range(4)]
    uploads = [sluice.put("big.bin", body) for body in bodies]
    with sluice.connect() as connection:
        for upload in uploads:
            connection.send_request("GET", upload.target)
        for body in bodies:
            assert connection.response().body == body


def test_get__reader_of_a_few_bytes_at_a_time__gets_the_same(sluice):
    body = pattern(300_000, "small reads")
    upload = sluice.put("small.bin", body)
    with sluice.connect(receive_buffer=2304) as connection:
        connection.send_request("GET", upload.target)
        connection.read_head()
        assert b"".join(connection.read_exactly(1000) for _ in range(300)) == body
