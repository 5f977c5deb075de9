"""Forms that are broken, cut short or out of bounds: refused whole, and nothing is kept."""
import pytest

from forms import BOUNDARY, TYPE, form, part
from rawhttp import chunked
from sluice import MIB, link_parts, pattern, settled

FILE = part(b"first file", filename=b"first.txt")
BIG = part(pattern(MIB), filename=b"big.bin")


def assert_refused(server, body, statuses=(400,), content_type=TYPE):
    before = server.names()
    with server.connect() as connection:
        response = connection.request("POST", "/", [content_type], body)
        assert response.status in statuses, response
    with server.connect() as connection:
        response = connection.request("POST", "/", [
            content_type, ("Transfer-Encoding", "chunked")], chunked(body, 1021))
        assert response.status in statuses, response
    assert settled(lambda: not server.names() - before), "bytes were kept"


@pytest.mark.parametrize("body", [
    FILE, FILE + BIG, FILE + b"--" + BOUNDARY, FILE + b"--" + BOUNDARY + b"-",
    FILE + b"--" + BOUNDARY + b"\r\n", FILE[:-2], FILE[:-9], FILE + BIG[:-700_000],
    FILE + b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data",
    FILE + b"--" + BOUNDARY + b"\r\n" + b"Content-Disposition: form-data; name=f\r\n\r\n",
    b"", b"no delimiter at all", b"--" + BOUNDARY, b"--" + BOUNDARY[:-1] + b"--\r\n",
], ids=range(14))
def test_form__cut_short_of_its_last_delimiter__400_and_nothing_kept(sluice, body):
    assert_refused(sluice, body)


@pytest.mark.parametrize("head", [
    b"no colon\r\n\r\n", b"Content-Disposition : form-data; name=f; filename=a\r\n\r\n",
    b"Content-Disposition: form-data; name=f; filename=a\n\n", b": x\r\n\r\n",
    b'Content-Disposition: form-data; name="f"; filename="unclosed\r\n\r\n',
    b"X-Big: " + b"x" * 300_000 + b"\r\n\r\n",
    b"".join(b"X-%d: v\r\n" % n for n in range(5000)) + b"\r\n",
], ids=lambda head: repr(head[:20]))
def test_form__malformed_head_of_a_part__refused_and_nothing_kept(sluice, head):
    body = FILE + b"--" + BOUNDARY + b"\r\n" + head + b"content\r\n" + form()
    assert_refused(sluice, body, (400, 413, 431))


def test_form__too_many_parts__refused_and_nothing_kept(sluice):
    assert_refused(sluice, form(FILE, *[part(b"")] * 20_000), (400, 413))


@pytest.mark.parametrize("content_type", [
    "multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary=""',
    "multipart/form-data; boundary=" + "b" * 71, "multipart/form-data; charset=utf-8",
    'multipart/form-data; boundary="unclosed', "multipart/form-data; boundary=a\xffb",
])
def test_form__boundary_missing_or_malformed__400(sluice, content_type):
    assert_refused(sluice, form(FILE), (400,), ("Content-Type", content_type))


@pytest.mark.parametrize("boundary, quoted", [
    (b"b", False), (b"x" * 70, False), (b"'()+_,-./:=?", True), (b"with space", True),
    (b"----WebKitFormBoundary7MA4YWxkTrZu0gW", False), (b"-", False), (b"--", False),
    (b"simple", True),
])
def test_form__any_legal_boundary__understood(sluice, boundary, quoted):
    text = boundary.decode()
    content_type = "Multipart/Form-Data; charset=utf-8; Boundary=" + \
        (f'"{text}"' if quoted else text)
    body = form(part(b"content\r\n--", filename=b"a", boundary=boundary), boundary=boundary)
    response = sluice.request("POST", "/", [("Content-Type", content_type)], body)
    assert response.status == 201, response
    assert sluice.get(link_parts(response.text.strip())[0]).body == b"content\r\n--"


def test_form__client_vanishes_midway__none_of_its_files_stays(fresh):
    body = form(FILE, BIG, BIG)
    for size in (len(FILE) + 5, len(FILE) + 600_000, len(body) - 3):
        with fresh.connect() as connection:
            connection.send_head("POST", "/", [TYPE, ("Content-Length", str(len(body)))])
            connection.send(body[:size])
    assert settled(lambda: not fresh.stored()), fresh.stored()


def test_form__one_file_over_the_limit__413_and_nothing_kept(start):
    server = start("--max-size", "100KiB")
    body = form(FILE, part(pattern(100 * 1024 + 1), filename=b"big"))
    with server.connect() as connection:
        response = connection.request("POST", "/", [TYPE], body)
        assert response.status == 413
    assert settled(lambda: not server.stored())


def test_form__several_files_each_within_the_limit__stored(start):
    server = start("--max-size", "100KiB")
    body = form(*[part(pattern(100 * 1024, n), filename=b"f") for n in range(5)])
    with server.connect() as connection:
        response = connection.request("POST", "/", [TYPE], body)
        assert response.status == 201
    assert len(response.text.splitlines()) == 5
