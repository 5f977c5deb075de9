"""POST of multipart/form-data (RFC 7578): many files, streamed, never mixed up."""
import time

import pytest

from forms import BOUNDARY, TYPE, form, links, part
from rawhttp import chunked
from sluice import MIB, link_parts, pattern, settled, uploaded


def post(server, body, *fields):
    return server.request("POST", "/", [TYPE, *fields], body)


def assert_kept_nothing(server, before):
    assert settled(lambda: not server.names() - before), "bytes were kept"


def contents(server, response):
    found = []
    for url in links(response):
        target, _, name = link_parts(url)
        got = server.get(target)
        assert got.status == 200
        found.append((name, got.body))
    return found


def test_form__one_file__answer_is_its_link(sluice):
    response = post(sluice, form(part(b"content", filename=b"a.txt")))
    upload = uploaded(response)
    assert response.text == upload.url + "\n"
    assert contents(sluice, response) == [("a.txt", b"content")]
    assert sluice.request("DELETE", f"/{upload.link}",
                          [("Authorization", f"Bearer {upload.key}")]).status == 204


def test_form__hundreds_of_files_told_early__tells_each_link_twice(sluice):
    names = [b"%s-%d.txt" % (b"n" * 100, n) for n in range(300)]
    response = post(sluice, form(*[part(b"x", filename=name) for name in names]),
                    ("Sluice-Early", "?1"))
    assert response.status == 201, response
    assert [early.status for early in response.interim] == [103] * len(names)
    assert [early.header("Sluice-Link") for early in response.interim] == links(response)


def test_form__many_files__one_link_a_line_in_order(sluice):
    files = [(f"file-{n}.bin", pattern(n * 997 % 70_000, "form")) for n in range(40)]
    body = form(*[part(data, filename=name.encode()) for name, data in files])
    assert contents(sluice, post(sluice, body)) == files


def test_form__large_files__come_back_equal(sluice):
    files = [("one", pattern(3 * MIB + 1)), ("two", b""), ("three", pattern(524288)),
             ("four", pattern(524289))]
    body = form(*[part(data, filename=name.encode()) for name, data in files])
    assert contents(sluice, post(sluice, body)) == files


def test_form__sent_chunked__understood(sluice):
    files = [("one", pattern(100_000)), ("two", pattern(20))]
    body = form(*[part(data, filename=name.encode()) for name, data in files])
    with sluice.connect() as connection:
        for size in (13, 4096, 70_001):
            response = connection.request("POST", "/", [TYPE, ("Transfer-Encoding", "chunked")],
                                          chunked(body, size))
            assert contents(sluice, response) == files


def test_form__split_at_every_byte__understood(sluice):
    files = [("a.txt", b"\r\n-" + b"--" + BOUNDARY[:-1]), ("b.txt", b"")]
    body = form(part(b"field"), *[part(data, filename=name.encode()) for name, data in files])
    with sluice.connect() as connection:
        for at in range(1, len(body)):
            connection.send_head("POST", "/", [TYPE, ("Content-Length", str(len(body)))])
            connection.send(body[:at])
            time.sleep(0.002)
            connection.send(body[at:])
            first, second = links(connection.response())
            assert connection.request("GET", link_parts(first)[0]).body == files[0][1], at
            assert connection.request("GET", link_parts(second)[0]).body == b"", at


def test_form__sent_byte_by_byte__understood(sluice):
    body = b"preamble\r\n" + form(part(b"\r\n--", filename=b"a"), part(b"x", filename=b"b"))
    with sluice.connect() as connection:
        connection.send_head("POST", "/", [TYPE, ("Content-Length", str(len(body)))])
        connection.send_slowly(body, 1, 0.0003)
        assert contents(sluice, connection.response()) == [("a", b"\r\n--"), ("b", b"x")]


LOOKALIKES = [
    b"--" + BOUNDARY, b"--" + BOUNDARY + b"--", b"x--" + BOUNDARY + b"\r\n", b"\n--" + BOUNDARY,
    b"\r--" + BOUNDARY, b"\r\n--" + BOUNDARY[:-1], b"\r\n--" + BOUNDARY[:-1] + b"X",
    b"\r\n-" + BOUNDARY, b"\r\n" + BOUNDARY, b"\r\n\r\n\r\n", b"\r", b"\n", b"\r\n", b"\r\n-",
    b"\r\n--", b"\r\n---", b"\r\r\n--" + BOUNDARY[:5], b"\r\n--\r\n--" + BOUNDARY[:10],
    (b"\r\n--" + BOUNDARY[:-1]) * 3000, b"\r" * 70_000, b"\r\n--" * 30_000, b"-" * 100_000,
    b"\r\n--" + BOUNDARY.lower(), b"\0" * 1000 + b"\r\n--",
]


@pytest.mark.parametrize("data", LOOKALIKES, ids=lambda data: repr(data[:24]))
def test_form__content_that_looks_like_the_boundary__kept_as_content(sluice, data):
    if data.startswith(b"--" + BOUNDARY):
        data = b"y" + data
    for content in (data, b"before" + data + b"after", pattern(524_288 - 20) + data):
        response = post(sluice, form(part(content, filename=b"a"), part(b"end", filename=b"b")))
        assert contents(sluice, response) == [("a", content), ("b", b"end")]


def test_form__fields_without_filename__ignored(sluice):
    body = form(part(b"value", name=b"comment"), part(b"content", filename=b"a.txt"),
                part(b"", name=b"empty"))
    assert contents(sluice, post(sluice, body)) == [("a.txt", b"content")]


def test_form__empty_file_with_a_name__stored_empty(sluice):
    response = post(sluice, form(part(b"", filename=b"empty.txt")))
    assert contents(sluice, response) == [("empty.txt", b"")]


def test_form__file_input_left_empty_by_a_browser__ignored(sluice):
    nothing = part(b"", filename=b"", fields=b"Content-Type: application/octet-stream\r\n")
    response = post(sluice, form(nothing, part(b"content", filename=b"a.txt")))
    assert contents(sluice, response) == [("a.txt", b"content")]


@pytest.mark.parametrize("body", [
    form(), form(part(b"value")),
    form(part(b"", filename=b"", fields=b"Content-Type: application/octet-stream\r\n")),
], ids=["nothing", "only-a-field", "only-an-empty-input"])
def test_form__without_any_file__400(sluice, body):
    assert post(sluice, body).status == 400


@pytest.mark.parametrize("raw, name", [
    (b"plain.txt", "plain.txt"), (b"with space.txt", "with space.txt"),
    (b"a%22b.txt", 'a"b.txt'), ("отчёт.txt".encode(), "отчёт.txt"),
    (b"C:\\fakepath\\photo.jpg", "photo.jpg"), (b"dir/inner/file.txt", "file.txt"),
    (b"../../etc/passwd", "passwd"), (b"semi;colon.txt", "semi;colon.txt"),
    (b"a=b.txt", "a=b.txt"), (b"x" * 255, "x" * 255), ("🎬.mkv".encode(), "🎬.mkv"),
])
def test_form__name_of_a_file__understood_and_cut_to_its_last_part(sluice, raw, name):
    assert contents(sluice, post(sluice, form(part(b"n", filename=raw)))) == [(name, b"n")]


@pytest.mark.parametrize("raw", [b"a%0Ab", b"a%0D%0Ab", b"a\x01b", b"a\x7fb", b"a\xffb",
                                 b"x" * 256, b"a\x00b"])
def test_form__name_with_control_bytes_or_too_long__400_and_nothing_kept(sluice, raw):
    before = sluice.names()
    body = form(part(b"first", filename=b"first.txt"), part(b"n", filename=raw))
    assert post(sluice, body).status == 400
    assert_kept_nothing(sluice, before)


def test_form__filename_star_beside_filename__one_of_the_two_names(sluice):
    body = (b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; name=f; filename=plain.txt; "
            b"filename*=UTF-8''%D1%8F.txt\r\n\r\ncontent\r\n--" + BOUNDARY + b"--\r\n")
    [(name, data)] = contents(sluice, post(sluice, body))
    assert name in ("plain.txt", "я.txt") and data == b"content"


def test_form__preamble_and_epilogue__ignored(sluice):
    body = (b"a preamble\r\nof two lines\r\n" + form(part(b"content", filename=b"a"))
            + b"an epilogue\r\n--" + BOUNDARY + b"\r\n\r\nnot a part\r\n")
    assert contents(sluice, post(sluice, body)) == [("a", b"content")]


def test_form__without_the_last_line_end__accepted(sluice):
    body = form(part(b"content", filename=b"a"))[:-2]
    assert contents(sluice, post(sluice, body)) == [("a", b"content")]


def test_form__blanks_behind_a_delimiter__accepted(sluice):
    body = form(part(b"content", filename=b"a"))
    body = body.replace(BOUNDARY + b"\r\n", BOUNDARY + b" \t\r\n")
    assert contents(sluice, post(sluice, body)) == [("a", b"content")]


def test_form__field_names_in_any_case_and_order__understood(sluice):
    body = (b"--" + BOUNDARY + b"\r\ncontent-type: text/plain\r\nX-Other: 1\r\n"
            b'CONTENT-DISPOSITION: Form-Data; filename="o.txt"; name="f"\r\n\r\ncontent\r\n--'
            + BOUNDARY + b"--\r\n")
    assert contents(sluice, post(sluice, body)) == [("o.txt", b"content")]


def test_form__accepting_html__answered_with_a_page_of_links(sluice):
    body = form(part(b"1", filename=b"a.txt"), part(b"2", filename=b"<b>.txt"))
    response = post(sluice, body, ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"))
    assert response.status in (200, 201)
    assert response.header("Content-Type").startswith("text/html")
    assert response.text.count("<a ") >= 2 and "a.txt" in response.text
    assert "<b>" not in response.text


def test_curl__form_with_two_files__prints_two_links(sluice, curl, tmp_path):
    files = [("one.bin", pattern(2 * MIB)), ('two "quoted".bin', pattern(10))]
    arguments = []
    for name, data in files:
        (tmp_path / name).write_bytes(data)
        escaped = str(tmp_path / name).replace('"', '\\"')
        arguments += ["-F", f'f=@"{escaped}"']
    done = curl(*arguments, sluice.url())
    assert done.returncode == 0, done.stderr
    urls = done.stdout.decode().splitlines()
    assert [link_parts(url)[2] for url in urls] == [name for name, _ in files]
    assert [curl(url).stdout for url in urls] == [data for _, data in files]
