"""PUT: a body goes up, the link comes back, and the same bytes come down."""
import json
import re

import pytest

from rawhttp import chunked
from sluice import KIB, MIB, link_parts, pattern, settled, uploaded

SIZES = [0, 1, 2, 511, 512, 513, 4095, 4096, 4097, 8191, 8192, 16383, 16384, 16385, 65535, 65536,
         65537, 262143, 262144, 262145, 524287, 524288, 524289, 1048575, 1048576, 1048577,
         3 * 524288 - 1, 2 * MIB + 4095, 3 * MIB + 1, 5 * MIB + 511, 8 * MIB, 9 * MIB + 12345]


@pytest.mark.parametrize("size", SIZES)
def test_put__of_any_known_size__comes_back_equal(sluice, size):
    body = pattern(size)
    upload = sluice.put("size.bin", body)
    response = sluice.get(upload.target)
    assert response.status == 200 and response.header("Content-Length") == str(size)
    assert response.body == body


@pytest.mark.parametrize("size", SIZES)
def test_put__of_any_unknown_size__comes_back_equal(sluice, size):
    body = pattern(size, 1)
    upload = sluice.put_chunked("size.bin", body, size=30_011)
    response = sluice.get(upload.target)
    assert response.status == 200 and response.header("Content-Length") == str(size)
    assert response.body == body


@pytest.mark.parametrize("piece", [1, 7, 4096, 65536, 524288, 1000003])
def test_put__in_chunks_of_any_size__comes_back_equal(sluice, piece):
    body = pattern(5003 if piece < 4096 else 2 * MIB + 17, 2)
    upload = sluice.put_chunked("pieces.bin", body, size=piece)
    assert sluice.get(upload.target).body == body


def test_put__answer__is_the_link_and_a_newline_and_nothing_else(sluice):
    upload = sluice.put("film.mkv", b"film")
    assert upload.response.text == upload.url + "\n"
    assert upload.response.header("Content-Type").split(";")[0] == "text/plain"
    assert upload.url == sluice.url(f"/{upload.link}/film.mkv")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", upload.key)
    assert upload.key != upload.link


def test_put__many_times__links_and_keys_are_never_the_same(sluice):
    uploads = [sluice.put("same.txt", b"same") for _ in range(20)]
    assert len({upload.link for upload in uploads}) == 20
    assert len({upload.key for upload in uploads}) == 20


@pytest.mark.parametrize("accept", ["application/json", "application/json, */*;q=0.1"])
def test_put__json_asked__tells_link_and_key(sluice, accept):
    response = sluice.request("PUT", "/j.txt", [("Accept", accept)], b"json")
    upload = uploaded(response)
    assert response.header("Content-Type").startswith("application/json")
    answer = json.loads(response.text)
    assert upload.link in json.dumps(answer) and upload.name in json.dumps(answer)
    assert upload.key in json.dumps(answer)


def test_put__without_a_name__is_called_file(sluice):
    upload = sluice.put("", b"nameless")
    assert upload.name == "file"
    assert sluice.get(upload.target).body == b"nameless"


def test_put__without_length_and_coding__stores_an_empty_file(sluice):
    with sluice.connect() as connection:
        response = connection.request("PUT", "/empty.txt")
        assert response.status in (201, 411)
        if response.status == 201:
            assert sluice.get(uploaded(response).target).body == b""


def test_put__slow_dribble__comes_back_equal(sluice):
    body = pattern(600, 3)
    with sluice.connect() as connection:
        connection.send_head("PUT", "/dribble.bin", [("Content-Length", "600")])
        connection.send_slowly(body, 3, 0.002)
        upload = uploaded(connection.response())
    assert sluice.get(upload.target).body == body


def test_put__slow_start_then_fast__comes_back_equal(sluice):
    body = pattern(6 * MIB + 123, 4)
    with sluice.connect() as connection:
        connection.send_head("PUT", "/mixed.bin", [("Content-Length", str(len(body)))])
        connection.send_slowly(body[:300], 50, 0.01)
        connection.send(body[300:3_000_001])
        connection.send_slowly(body[3_000_001:3_001_000], 100, 0.01)
        connection.send(body[3_001_000:])
        upload = uploaded(connection.response())
    assert sluice.get(upload.target).body == body


def test_put__next_request_right_behind_the_body__both_answered(sluice):
    body = pattern(3 * MIB + 7, 5)
    with sluice.connect() as connection:
        connection.send_request("PUT", "/a.bin", [], body)
        connection.send_request("GET", "/healthz")
        upload = uploaded(connection.response())
        assert connection.response().status == 200
        assert connection.request("GET", upload.target).body == body


def test_put__one_connection_many_sizes__nothing_leaks_from_one_to_the_next(sluice):
    with sluice.connect() as connection:
        for size in (700_000, 0, 10, 524_288, 3, 100_000, 0, 1_048_577):
            body = pattern(size, 6)
            upload = uploaded(connection.request("PUT", "/next.bin", [], body))
            assert connection.request("GET", upload.target).body == body
            wire = chunked(body, 9973)
            response = connection.request("PUT", "/next.bin",
                                          [("Transfer-Encoding", "chunked")], wire)
            assert connection.request("GET", uploaded(response).target).body == body


def test_put__with_content_range__refused(sluice):
    response = sluice.request("PUT", "/part.bin", [("Content-Range", "bytes 0-2/10")], b"abc")
    assert response.status == 400


def test_put__stored_bytes__lie_beneath_objects_under_a_random_name(fresh):
    body = pattern(100_001, 7)
    fresh.put("secret-name.txt", body)
    fresh.put("secret-name.txt", body)
    paths = list(fresh.stored())
    assert len(paths) == 2
    for path in paths:
        relative = path.relative_to(fresh.data).parts
        assert relative[0] == "objects" and len(relative) == 3 and len(relative[1]) == 2
        assert "secret" not in str(relative)
        assert path.read_bytes() == body
        assert path.stat().st_mode & 0o077 == 0
    assert (fresh.data / "catalog.db").exists()


def test_put__then_restart__link_lives_on(start):
    server = start()
    body = pattern(777_777, 8)
    upload = server.put("lasting.bin", body)
    server.stop()
    again = start(data=server.data)
    assert again.get(upload.target).body == body
    assert again.request("DELETE", f"/{upload.link}",
                         [("Authorization", f"Bearer {upload.key}")]).status == 204


def test_curl__upload_of_a_file__prints_the_link_alone(sluice, curl, tmp_path):
    body = pattern(3 * MIB + 5, 9)
    (tmp_path / "film.mkv").write_bytes(body)
    done = curl("-T", tmp_path / "film.mkv", sluice.url())
    assert done.returncode == 0 and done.stderr == b""
    url = done.stdout.decode()
    assert url.endswith("\n") and url.count("\n") == 1
    assert link_parts(url.strip())[2] == "film.mkv"
    assert curl(url.strip()).stdout == body


def test_curl__upload_from_a_pipe__stored_whole(sluice, curl):
    body = pattern(2 * MIB + 9, 10)
    done = curl("-T", "-", sluice.url("/piped.tar"), stdin=body)
    assert done.returncode == 0, done.stderr
    url = done.stdout.decode().strip()
    assert link_parts(url)[2] == "piped.tar"
    assert curl(url).stdout == body


def test_curl__empty_file__stored(sluice, curl, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    done = curl("-T", tmp_path / "empty", sluice.url())
    assert done.returncode == 0, done.stderr
    assert curl("-f", done.stdout.decode().strip()).stdout == b""


def test_curl__interrupted_download__resumes_with_a_range(sluice, curl, tmp_path):
    body = pattern(MIB, 11)
    upload = sluice.put("resume.bin", body)
    part = tmp_path / "resume.bin"
    part.write_bytes(body[:400 * KIB])
    done = curl("-C", "-", "-o", part, upload.url)
    assert done.returncode == 0, done.stderr
    assert part.read_bytes() == body


def test_uploads__of_many_sizes__leave_nothing_but_their_objects(fresh):
    for size in (0, 1, 4096, 600_000, 2_000_000):
        fresh.put("a", pattern(size))
        fresh.put_chunked("b", pattern(size))
    assert settled(lambda: len(fresh.stored()) in (8, 10))
    assert sum(fresh.stored().values()) == 2 * 2_604_097
