"""What the owner of a link can do with its key: delete it, look at it, change it."""
import json
import time

import pytest

from sluice import digest_of, epoch, pattern, rfc3339, settled

UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


def bearer(key):
    return ("Authorization", f"Bearer {key}")


def patch(server, upload, change, *fields):
    body = change if isinstance(change, bytes) else json.dumps(change).encode()
    fields = list(fields) or [bearer(upload.key)]
    if not any(name == "Content-Type" for name, _ in fields):
        fields.append(("Content-Type", "application/json"))
    return server.request("PATCH", f"/api/files/{upload.link}", fields, body)


@pytest.mark.parametrize("target", ["/LINK", "/api/files/LINK"])
def test_delete__with_the_key__204_and_the_bytes_leave_the_folder(fresh, target):
    kept = fresh.put("kept.bin", pattern(70_000))
    upload = fresh.put("gone.bin", pattern(80_000))
    with fresh.connect() as connection:
        assert connection.request("GET", upload.target).status == 200
        response = connection.request("DELETE", target.replace("LINK", upload.link),
                                      [bearer(upload.key)])
        assert response.status == 204 and response.body == b""
        for gone in (upload.target, f"/{upload.link}", f"/api/files/{upload.link}"):
            assert connection.request("GET", gone).status in (404, 410)
        assert connection.request("DELETE", f"/{upload.link}",
                                  [bearer(upload.key)]).status in (404, 410)
    assert settled(lambda: list(fresh.stored().values()) == [70_000])
    assert fresh.get(kept.target).status == 200


@pytest.mark.parametrize("target", ["/LINK", "/api/files/LINK"])
def test_delete__without_key__401_and_the_file_stays(sluice, target):
    upload = sluice.put("stays.bin", b"stays")
    response = sluice.request("DELETE", target.replace("LINK", upload.link))
    assert response.status == 401
    assert response.header("WWW-Authenticate").startswith("Bearer")
    assert sluice.get(upload.target).body == b"stays"


def test_delete__with_a_wrong_key__403_and_the_file_stays(sluice):
    upload, other = sluice.put("stays.bin", b"stays"), sluice.put("other.bin", b"other")
    wrong = [other.key, upload.key[:-1], upload.key + "A", upload.key.swapcase(), upload.link,
             "x" * 5000]
    for key in wrong:
        assert sluice.request("DELETE", f"/{upload.link}", [bearer(key)]).status == 403, key
    assert sluice.get(upload.target).body == b"stays"


@pytest.mark.parametrize("value", ["Basic QWxhZGRpbjpvcGVu", "Bearer", "Bearer ", "KEY", "Bear KEY",
                                   "Bearer KEY KEY", "Bearer\tx KEY"])
def test_delete__authorization_of_another_form__refused(sluice, value):
    upload = sluice.put("stays.bin", b"stays")
    value = value.replace("KEY", upload.key)
    response = sluice.request("DELETE", f"/{upload.link}", [("Authorization", value)])
    assert response.status in (400, 401, 403)
    assert sluice.get(upload.target).body == b"stays"


def test_delete__scheme_in_any_case__understood(sluice):
    upload = sluice.put("gone.bin", b"gone")
    response = sluice.request("DELETE", f"/{upload.link}",
                              [("Authorization", f"bEARER {upload.key}")])
    assert response.status == 204


def test_delete__unknown_link__404(sluice, document):
    key = document[0].key
    assert sluice.request("DELETE", f"/{UNKNOWN}", [bearer(key)]).status == 404
    assert sluice.request("DELETE", f"/api/files/{UNKNOWN}", [bearer(key)]).status == 404


@pytest.mark.workers
def test_delete__while_it_is_read__the_reader_gets_all_of_it(fresh):
    body = pattern(12_000_000)
    upload = fresh.put("read.bin", body)
    with fresh.connect(receive_buffer=8192) as connection:
        connection.send_request("GET", upload.target)
        connection.read_head()
        received = connection.read_exactly(100_000)
        assert fresh.request("DELETE", f"/{upload.link}", [bearer(upload.key)]).status == 204
        received += connection.read_exactly(len(body) - 100_000)
    assert received == body
    assert settled(lambda: not fresh.stored())


def test_delete__key_is_kept_only_as_a_hash(fresh):
    upload = fresh.put("a.txt", b"a")
    fresh.stop()
    for path in fresh.data.glob("catalog.db*"):
        assert upload.key.encode() not in path.read_bytes()


def test_info__of_a_ready_file__tells_everything(sluice):
    body = pattern(12_345)
    began = time.time()
    upload = sluice.put("%D1%8F.txt", body,
                        ("Content-Type", "text/plain"), ("Sluice-Expires", "1d"),
                        ("Repr-Digest", digest_of(body)))
    info = sluice.info(upload.link)
    assert {"link", "name", "type", "size", "received", "stored", "state", "created", "expires",
            "digest", "downloads"} <= set(info)
    assert upload.link in info["link"] and info["name"] == "я.txt"
    assert info["type"].split(";")[0] == "text/plain" and info["state"] == "ready"
    assert info["size"] == info["received"] == info["stored"] == 12_345
    assert abs(epoch(info["created"]) - began) < 5
    assert abs(epoch(info["expires"]) - began - 86400) < 5
    assert list(info["digest"]) == ["sha-256"] and info["downloads"] == 0
    assert upload.key not in json.dumps(info)


@pytest.mark.parametrize("fields", [[], [("Max-Downloads", "9")]], ids=["unlimited", "limited"])
def test_info__after_downloads__counts_the_whole_ones(sluice, fields):
    upload = sluice.put("counted.bin", pattern(5000), *fields)
    for _ in range(3):
        sluice.get(upload.target)
    sluice.request("HEAD", upload.target)
    assert settled(lambda: sluice.info(upload.link)["downloads"] == 3)


def test_info__head_and_unknown_links__answered(sluice, document):
    assert sluice.request("HEAD", f"/api/files/{document[0].link}").status == 200
    assert sluice.get(f"/api/files/{UNKNOWN}").status == 404


def test_patch__name__changes_it_everywhere(sluice):
    upload = sluice.put("old.txt", b"content")
    assert patch(sluice, upload, {"name": "новое имя.txt"}).status in (200, 204)
    assert sluice.info(upload.link)["name"] == "новое имя.txt"
    response = sluice.get(f"/{upload.link}")
    assert "filename*=UTF-8''%D0%BD" in response.header("Content-Disposition")
    assert response.body == b"content"


def test_patch__expires__changes_and_is_kept_over_a_restart(start):
    server = start()
    upload = server.put("e.txt", b"e", ("Sluice-Expires", "1h"))
    end = int(time.time()) + 5 * 86400
    assert patch(server, upload, {"expires": rfc3339(end)}).status in (200, 204)
    assert abs(epoch(server.info(upload.link)["expires"]) - end) <= 1
    server.stop()
    again = start(data=server.data)
    assert abs(epoch(again.info(upload.link)["expires"]) - end) <= 1


def test_patch__expires_soon__410_after_that(sluice):
    upload = sluice.put("e.txt", b"e")
    soon = rfc3339(time.time() + 2)
    assert patch(sluice, upload, {"expires": soon}).status in (200, 204)
    assert sluice.get(upload.target).status == 200
    assert settled(lambda: sluice.get(upload.target).status == 410)


def test_patch__max_downloads__holds_from_then_on(sluice):
    upload = sluice.put("m.txt", b"m")
    assert patch(sluice, upload, {"max_downloads": 1}).status in (200, 204)
    with sluice.connect() as connection:
        assert connection.request("GET", upload.target).status == 200
        assert connection.request("GET", upload.target).status == 410


def test_patch__several_at_once__all_or_nothing(sluice):
    upload = sluice.put("old.txt", b"x")
    end = rfc3339(time.time() + 86400)
    assert patch(sluice, upload, {"name": "new.txt", "expires": "never ever"}).status == 400
    info = sluice.info(upload.link)
    assert info["name"] == "old.txt" and info["expires"] is None
    assert patch(sluice, upload, {"name": "new.txt", "expires": end}).status in (200, 204)
    info = sluice.info(upload.link)
    assert info["name"] == "new.txt" and info["expires"] is not None


def test_patch__without_or_with_a_wrong_key__refused_and_unchanged(sluice, document):
    upload = sluice.put("mine.txt", b"x")
    change = {"name": "yours.txt"}
    plain = [("Content-Type", "application/json")]
    assert patch(sluice, upload, change, *plain).status == 401
    assert patch(sluice, upload, change, bearer(document[0].key)).status == 403
    assert sluice.info(upload.link)["name"] == "mine.txt"


def test_patch__unknown_link__404(sluice, document):
    unknown = document[0]._replace(link=UNKNOWN)
    assert patch(sluice, unknown, {"name": "x"}).status == 404


@pytest.mark.parametrize("change", [
    b"", b"{", b"[]", b'"name"', b"null", b"{} x", b'{"name": }', b'{"name": 5}', b'{"name": ""}',
    b'{"name": null}', b'{"name": "a\\u0000b"}', b'{"name": "a\\nb"}', b'{"name": "\\ud800"}',
    b'{"name": "\xff"}', b'{"name": "' + b"x" * 256 + b'"}', b'{"expires": "soon"}',
    b'{"expires": 5.5}', b'{"expires": "2020-01-01T00:00:00Z"}', b'{"max_downloads": -1}',
    b'{"max_downloads": 1.5}', b'{"max_downloads": "many"}', b"[" * 100_000, b'{"a":' * 50_000,
    b"{" + b" " * 2_000_000 + b"}",
], ids=lambda change: repr(change[:28]))
def test_patch__malformed_or_not_allowed__refused_and_unchanged(sluice, change):
    upload = sluice.put("same.txt", b"x")
    assert patch(sluice, upload, change).status in (400, 413)
    info = sluice.info(upload.link)
    assert info["name"] == "same.txt" and info["expires"] is None
    assert sluice.get(upload.target).status == 200
