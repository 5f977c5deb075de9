"""Pages of other origins may use the server, or only some, or none."""
import pytest

from live import CHUNK, TUS
from sluice import Server
from tus import append_fields, create, offset_of, patch

ALLOWED = """Authorization Content-Type Origin X-Requested-With X-Request-ID X-HTTP-Method-Override
    Tus-Resumable Upload-Length Upload-Offset Upload-Metadata Upload-Defer-Length Upload-Concat
    Upload-Checksum Upload-Complete Upload-Draft-Interop-Version Content-Disposition Content-Digest
    Repr-Digest Want-Repr-Digest""".lower().split()
EXPOSED = """Location Upload-Offset Upload-Length Upload-Metadata Upload-Defer-Length Upload-Concat
    Upload-Expires Upload-Complete Upload-Limit Upload-Draft-Interop-Version Tus-Version
    Tus-Resumable Tus-Max-Size Tus-Extension Tus-Checksum-Algorithm Retry-After Content-Digest
    Repr-Digest Sluice-Link Sluice-Key""".lower().split()
PAGE = ("Origin", "https://page.example")
OTHER = ("Origin", "https://other.example")
PATHS = ["/files/", "/files", "/files/AAAAAAAAAAAAAAAAAAAAAA", "/", "/name.txt",
         "/api/files/AAAAAAAAAAAAAAAAAAAAAA"]


@pytest.fixture(scope="module")
def choosy(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("cors") / "data",
                    ["--cors-origin", "https://page.example,http://localhost:3000"]).start()
    yield server
    server.stop()


def words(response, name):
    return {word.strip().lower() for word in ",".join(response.all(name)).split(",")}


def preflight(server, path, origin, method="PATCH"):
    return server.request("OPTIONS", path, [
        origin, ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "tus-resumable,upload-offset,content-type")])


def assert_open(response):
    assert response.header("Access-Control-Allow-Origin") == "*", response
    assert response.header("Access-Control-Allow-Credentials") is None


def assert_for(response, origin):
    assert response.header("Access-Control-Allow-Origin") == origin[1], response
    assert response.header("Access-Control-Allow-Credentials") == "true"
    assert "origin" in words(response, "Vary")


def assert_closed(response):
    for name in ("Origin", "Credentials", "Methods", "Headers"):
        assert response.header("Access-Control-Allow-" + name) is None


@pytest.mark.parametrize("path", PATHS)
def test_preflight__by_default__lets_every_page_do_everything(sluice, path):
    response = preflight(sluice, path, PAGE)
    assert response.status in (200, 204)
    assert_open(response)
    assert {"post", "head", "patch", "options", "get", "delete"} <= words(
        response, "Access-Control-Allow-Methods")
    assert set(ALLOWED) <= words(response, "Access-Control-Allow-Headers")
    assert response.header("Access-Control-Max-Age") == "86400"


def test_answers__by_default__can_be_read_by_every_page(sluice):
    upload = create(sluice, 10, PAGE)
    answers = [upload.response, patch(sluice, upload.path, 0, b"abc", PAGE),
               patch(sluice, upload.path, 0, b"abc", PAGE),
               sluice.request("OPTIONS", "/files/", [PAGE]),
               sluice.request("POST", "/files/", [PAGE]),
               sluice.request("HEAD", upload.path, [PAGE]),
               sluice.request("HEAD", PATHS[2], [TUS, PAGE]), sluice.get("/nothing", PAGE),
               sluice.request("PATCH", upload.path, [TUS, PAGE, ("Upload-Offset", "3")], b"abc"),
               sluice.request("PUT", "/x.txt", [PAGE], b"abc"), sluice.get("/healthz", PAGE)]
    assert [answer.status for answer in answers[:5]] == [201, 204, 409, 204, 412]
    for answer in answers:
        assert_open(answer)
        assert set(EXPOSED) <= words(answer, "Access-Control-Expose-Headers"), answer


def test_answers__to_others_than_pages__have_nothing_of_it(sluice, choosy):
    for server in (sluice, choosy):
        upload = create(server, 10)
        for answer in (upload.response, server.request("HEAD", upload.path, [TUS])):
            assert not [name for name, _ in answer.fields if name.startswith("Access-Control")]


@pytest.mark.parametrize("origin", [PAGE, ("Origin", "http://localhost:3000")])
def test_listed_origin__is_told_by_name_and_may_send_credentials(choosy, origin):
    upload = create(choosy, 10, origin)
    for answer in (preflight(choosy, upload.path, origin), upload.response,
                   patch(choosy, upload.path, 0, b"abc", origin),
                   patch(choosy, upload.path, 0, b"abc", origin),
                   choosy.request("HEAD", upload.path, [TUS, origin])):
        assert_for(answer, origin)
    assert offset_of(choosy, upload.path) == 3


@pytest.mark.parametrize("origin", [
    OTHER, ("Origin", "null"), ("Origin", "http://page.example"), ("Origin", ""),
    ("Origin", "https://page.example:444"), ("Origin", "https://page.example.evil.example"),
    ("Origin", "https://sub.page.example"), ("Origin", "http://localhost:30001"),
    ("Origin", "https://page.example https://other.example")])
def test_other_origin__refused_and_nothing_is_done(choosy, origin):
    upload = create(choosy, 10)
    assert_closed(preflight(choosy, upload.path, origin))
    assert preflight(choosy, upload.path, origin).status == 403
    with choosy.connect() as connection:
        connection.send_head("PATCH", upload.path, append_fields(
            0, origin, ("Content-Length", "3"), ("Expect", "100-continue")))
        answer = connection.response()
        assert answer.status == 403 and answer.interim == []
        assert_closed(answer)
    for answer in (choosy.request("POST", "/files/", [TUS, origin, ("Upload-Length", "3")]),
                   choosy.request("DELETE", upload.path, [TUS, origin]),
                   choosy.request("POST", upload.path, [
                       TUS, CHUNK, origin, ("X-HTTP-Method-Override", "DELETE")])):
        assert answer.status == 403
        assert_closed(answer)
    assert offset_of(choosy, upload.path) == 0


def test_answers__that_depend_on_the_origin__say_so_to_caches(choosy):
    upload = create(choosy, 10)
    for fields in ([], [PAGE], [OTHER]):
        answer = choosy.request("HEAD", upload.path, [TUS, *fields])
        assert "origin" in words(answer, "Vary")


def test_none__no_page_but_our_own(start):
    server = start("--cors-origin", "none")
    own = ("Origin", server.url(""))
    upload = create(server, 10, own)
    assert patch(server, upload.path, 0, b"abc", own).status == 204
    for origin in (PAGE, OTHER):
        assert preflight(server, "/files/", origin).status == 403
        assert patch(server, upload.path, 3, b"abc", origin).status == 403
        assert_closed(server.request("HEAD", upload.path, [TUS, origin]))
    assert offset_of(server, upload.path) == 3
