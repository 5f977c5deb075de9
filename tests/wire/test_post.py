"""POST of a raw body, and the options of an upload: life, uses, digest, name, type."""
import base64
import json
import re
import time

import pytest

from forms import TYPE, form, part
from sluice import digest_of, epoch, pattern, rfc3339, settled, sha256, uploaded

DAY = 86400


def post(server, body, *fields):
    return uploaded(server.request("POST", "/", fields, body))


@pytest.mark.parametrize("fields", [
    [("Content-Type", "application/octet-stream")], [],
    [("Content-Type", "application/x-www-form-urlencoded")], [("Content-Type", "text/plain")],
    [("Content-Type", "multipart/mixed; boundary=b")],
], ids=["octets", "none", "urlencoded", "text", "mixed"])
def test_post__of_any_other_type__stored_as_one_file(sluice, fields):
    body = b"--b\r\na=b&c=d" + pattern(70_000)
    upload = post(sluice, body, *fields)
    assert upload.name == "file"
    assert upload.response.text == upload.url + "\n"
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("value, name", [
    ('attachment; filename="report.pdf"', "report.pdf"),
    ("attachment; filename=report.pdf", "report.pdf"),
    ("inline; filename=\"a b.txt\"", "a b.txt"),
    ("attachment; filename*=UTF-8''%D1%8F.txt", "я.txt"),
    ("attachment; filename=\"plain.txt\"; filename*=UTF-8''%D1%8F.txt", "я.txt"),
    ("attachment; filename*=utf-8'en'a%20b.txt; filename=\"plain.txt\"", "a b.txt"),
    ('ATTACHMENT; FileName="case.txt"', "case.txt"),
    ('attachment; filename="semi;colon.txt"', "semi;colon.txt"),
    ('attachment; filename="../../etc/passwd"', "passwd"),
    ("attachment", "file"),
])
def test_post__name_from_content_disposition__understood(sluice, value, name):
    upload = post(sluice, b"named", ("Content-Type", "application/octet-stream"),
                  ("Content-Disposition", value))
    assert upload.name == name
    assert sluice.info(upload.link)["name"] == name


@pytest.mark.parametrize("value, name", [
    ("notes.txt", "notes.txt"), ("with space.txt", "with space.txt"),
    ("dir/inner.txt", "inner.txt"),
])
def test_post__name_from_x_file_name__understood(sluice, value, name):
    assert post(sluice, b"named", ("X-File-Name", value)).name == name


def test_post__broken_filename_star__never_taken_as_it_is(sluice):
    response = sluice.request("POST", "/", [
        ("Content-Disposition", "attachment; filename*=UTF-8''a%FFb")], b"x")
    assert response.status == 400 or uploaded(response).name == "file"


@pytest.mark.parametrize("field", [
    ("X-File-Name", "x" * 256), ("X-File-Name", "tab\there"),
    ("Content-Disposition", "attachment; filename=" + "y" * 256),
    ("Content-Disposition", "attachment; filename*=UTF-8''a%0Ab"),
])
def test_post__name_that_is_not_allowed__400(sluice, field):
    assert sluice.request("POST", "/", [field], b"x").status == 400


def test_post__json_asked__tells_the_link(sluice):
    upload = post(sluice, b"json", ("Accept", "application/json"))
    assert upload.link in json.dumps(json.loads(upload.response.text))


@pytest.mark.parametrize("value, seconds", [
    ("7d", 7 * DAY), ("1h", 3600), ("90m", 5400), ("45s", 45), ("2d", 2 * DAY),
])
def test_expires__as_a_duration__counts_from_the_upload(sluice, value, seconds):
    upload = sluice.put("e.txt", b"e", ("Sluice-Expires", value))
    assert abs(epoch(sluice.info(upload.link)["expires"]) - time.time() - seconds) < 10


@pytest.mark.parametrize("form_of_time", ["Z", "+00:00", "+02:00"])
def test_expires__as_a_time__is_that_time(sluice, form_of_time):
    end = int(time.time()) + 5 * DAY
    shown = rfc3339(end + (7200 if form_of_time == "+02:00" else 0)).replace("Z", form_of_time)
    response = sluice.request("PUT", "/e.txt", [("Sluice-Expires", shown)], b"e")
    if form_of_time != "Z" and response.status == 400:
        return
    assert abs(epoch(sluice.info(uploaded(response).link)["expires"]) - end) <= 1


def test_expires__max_days__counts_in_days(sluice):
    upload = sluice.put("e.txt", b"e", ("Max-Days", "3"))
    assert abs(epoch(sluice.info(upload.link)["expires"]) - time.time() - 3 * DAY) < 10


def test_expires__not_asked__link_lives_for_ever(sluice):
    assert sluice.info(sluice.put("e.txt", b"e").link)["expires"] is None


def test_expires__default_of_the_server__used_when_nothing_is_asked(start):
    server = start("--expires", "2h")
    upload = server.put("e.txt", b"e")
    assert abs(epoch(server.info(upload.link)["expires"]) - time.time() - 7200) < 10
    shorter = server.put("e.txt", b"e", ("Sluice-Expires", "1h"))
    assert abs(epoch(server.info(shorter.link)["expires"]) - time.time() - 3600) < 10


@pytest.mark.parametrize("fields", [[("Sluice-Expires", "30d")], [("Max-Days", "30")], []])
def test_expires__longer_than_the_server_allows__never_granted(start, fields):
    server = start("--expires-max", "1d")
    response = server.request("PUT", "/e.txt", fields, b"e")
    assert response.status in (201, 400)
    if response.status == 201:
        expires = server.info(uploaded(response).link)["expires"]
        assert expires is not None and epoch(expires) <= time.time() + DAY + 10


@pytest.mark.parametrize("field", [
    ("Sluice-Expires", "soon"), ("Sluice-Expires", "-1d"), ("Sluice-Expires", "1x"),
    ("Sluice-Expires", "d"), ("Sluice-Expires", "1d2"), ("Sluice-Expires", "7 d x"),
    ("Sluice-Expires", "99999999999999999999d"), ("Sluice-Expires", "2020-01-01T00:00:00Z"),
    ("Sluice-Expires", "2099-13-01T00:00:00Z"), ("Sluice-Expires", "2099-02-30T00:00:00Z"),
    ("Sluice-Expires", "2099-01-01T25:00:00Z"), ("Sluice-Expires", "2099-01-01"),
    ("Max-Days", "x"), ("Max-Days", "-1"), ("Max-Days", "1.5"), ("Max-Days", "99999999999999999"),
    ("Max-Downloads", "x"), ("Max-Downloads", "-1"), ("Max-Downloads", "1.5"),
    ("Max-Downloads", "1 2"), ("Max-Downloads", "99999999999999999999999"),
    ("Repr-Digest", "sha-256=nonsense"), ("Repr-Digest", "sha-256=:AAAA:"),
    ("Repr-Digest", "sha-256=:****:"), ("Repr-Digest", "="),
], ids=lambda field: f"{field[0]}={field[1]}")
def test_option__with_a_bad_value__400_and_nothing_kept(sluice, field):
    before = sluice.names()
    response = sluice.request("PUT", "/o.txt", [field], b"o")
    assert response.status == 400
    word = field[0].split("-")[-1].lower().rstrip("s")
    assert word in response.text.lower(), "the answer does not name the option"
    body = form(part(b"o", filename=b"o.txt"))
    assert sluice.request("POST", "/", [TYPE, field], body).status == 400
    assert settled(lambda: not sluice.names() - before)


@pytest.mark.parametrize("size", [0, 5, 524_288, 2_000_003])
def test_digest__that_agrees__stored_and_told(sluice, size):
    body = pattern(size, "digest")
    upload = sluice.put("d.bin", body, ("Repr-Digest", digest_of(body)))
    assert sluice.get(upload.target).body == body
    assert sha256(body) in digests(sluice, upload.link)


def digests(server, link):
    """The SHA-256 in the JSON of a link, in hexadecimal whatever its writing there."""
    value = server.info(link)["digest"].get("sha-256")
    if value is None or re.fullmatch(r"[0-9a-f]{64}", value):
        return [value]
    return [base64.b64decode(value.strip(":")).hex()]


@pytest.mark.parametrize("size", [0, 5, 524_289, 2_000_000])
def test_digest__that_differs__400_and_nothing_kept(sluice, size):
    before = sluice.names()
    body = pattern(size, "digest")
    fields = [("Repr-Digest", digest_of(body + b"!"))]
    assert sluice.request("PUT", "/d.bin", fields, body).status == 400
    with sluice.connect() as connection:
        connection.send_head("PUT", "/d.bin", [*fields, ("Transfer-Encoding", "chunked")])
        connection.send_until_answered(b"%x\r\n%s\r\n0\r\n\r\n" % (size, body) if size
                                       else b"0\r\n\r\n")
        assert connection.response().status == 400
        assert connection.request("GET", "/healthz").status == 200
    assert settled(lambda: not sluice.names() - before)


def test_digest__several_algorithms__the_known_one_is_verified(sluice):
    known = digest_of(b"body")
    field = ("Repr-Digest", f"unheard-of=:AAAA:, {known}")
    assert sluice.request("PUT", "/d", [field], b"body").status == 201
    assert sluice.request("PUT", "/d", [field], b"other").status == 400


@pytest.mark.parametrize("value", ["unheard-of=:AAAA:", "unixsum=:AAAA:, crc32c=:AAAAAA==:"])
def test_digest__only_unknown_algorithms__ignored(sluice, value):
    upload = sluice.put("d", b"body", ("Repr-Digest", value))
    assert sluice.get(upload.target).body == b"body"


def test_options__of_a_form__hold_for_each_of_its_files(sluice):
    body = form(part(b"1", filename=b"1"), part(b"2", filename=b"2"))
    response = sluice.request("POST", "/", [TYPE, ("Sluice-Expires", "1h")], body)
    for url in response.text.splitlines():
        link = url.split("/")[-2]
        assert abs(epoch(sluice.info(link)["expires"]) - time.time() - 3600) < 10


def test_expired__link__410_and_its_bytes_leave_the_folder(fresh):
    kept = fresh.put("kept.bin", pattern(70_000))
    times = [fresh.put("short.bin", pattern(70_001), ("Sluice-Expires", "1s")),
             fresh.put("time.bin", pattern(70_002), ("Sluice-Expires", rfc3339(time.time() + 2)))]
    assert fresh.get(times[0].target).status == 200
    for upload in times:
        assert settled(lambda: fresh.get(upload.target).status == 410), upload.name
        for response in (fresh.request("HEAD", upload.target), fresh.get(f"/{upload.link}")):
            assert response.status == 410
        assert fresh.get(f"/api/files/{upload.link}").status == 410
    assert settled(lambda: list(fresh.stored().values()) == [70_000], within=15)
    assert fresh.get(kept.target).status == 200


def test_expired__while_the_server_was_down__410_and_swept_after_the_start(start):
    server = start()
    upload = server.put("short.bin", pattern(70_000), ("Sluice-Expires", "1s"))
    server.stop()
    time.sleep(1.1)
    again = start(data=server.data)
    assert again.get(upload.target).status == 410
    assert settled(lambda: not again.stored(), within=15)
