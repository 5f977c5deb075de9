"""Names of files: UTF-8, bounded, without control characters and without a client's folders."""
import re
from urllib.parse import quote, unquote

import pytest

from sluice import link_parts, pattern, settled, uploaded

NAMES = ["plain.txt", "with space.txt", "отчёт.pdf", "日本語.bin", "emoji 🎬.mkv", "ümlaut.txt",
         "quote'single.txt", 'quote"double.txt', "semi;colon.txt", "per%cent.txt", "100%25.txt",
         "plus+plus.txt", "amp&eq=.txt", "question?.txt", "hash#.txt", "at@home.txt", "a,b.txt",
         "(round)[square]{curly}.txt", "tilde~.txt", "no-extension", ".hidden", "a..b",
         "<script>.txt", "star*.txt", "caret^`|.txt", "$(touch x).txt", "-rf", "x" * 255,
         "ж" * 127 + "x"]


def put_encoded(server, path, body=b"n"):
    return server.request("PUT", "/" + path, [], body)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:24])
def test_name__in_the_path__comes_back_the_same_everywhere(sluice, name):
    upload = uploaded(put_encoded(sluice, quote(name, safe=""), name.encode()))
    assert upload.name == name
    assert re.fullmatch(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%]+", upload.target.split("/")[-1])
    response = sluice.get(upload.target)
    assert response.status == 200 and response.body == name.encode()
    assert disposition_name(response.header("Content-Disposition")) == name
    assert sluice.info(upload.link)["name"] == name


def disposition_name(value):
    """The name a browser takes from Content-Disposition; checks the form of both parameters."""
    star = re.search(r"filename\*=UTF-8''([A-Za-z0-9!#$&+\-.^_`|~%]+)(?:;|\Z)", value)
    plain = re.search(r'filename="((?:[^"\\\x00-\x1f\x7f]|\\.)*)"', value)
    assert plain, value
    assert plain[1].isascii(), value
    if star:
        return unquote(star[1], errors="strict")
    return re.sub(r"\\(.)", r"\1", plain[1])


@pytest.mark.parametrize("name", ["отчёт.pdf", 'a"b.txt', "a%b.txt"])
def test_disposition__name_beyond_plain_ascii__has_both_parameters_fallback_first(sluice, name):
    upload = uploaded(put_encoded(sluice, quote(name, safe="")))
    value = sluice.get(upload.target).header("Content-Disposition")
    assert value.index("filename=") < value.index("filename*=")
    fallback = re.search(r'filename="([^"]*)"', value)[1]
    assert fallback.isascii() and not set(fallback) & set('"\\%')


@pytest.mark.parametrize("path, name", [
    ("a/b/c.txt", "c.txt"), ("home/user/.profile", ".profile"), ("a//b.txt", "b.txt"),
    ("C%3A%5CUsers%5Cme%5Creport.txt", "report.txt"), ("dir%5Cfile.txt", "file.txt"),
])
def test_name__with_path_parts__cut_to_the_last(sluice, path, name):
    assert uploaded(put_encoded(sluice, path)).name == name


@pytest.mark.parametrize("path", [
    "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cpasswd",
    "a/../../passwd", "%2fetc%2fpasswd", "/etc/passwd", "....//passwd",
])
def test_name__that_climbs_out__is_cut_or_refused_and_nothing_lies_outside(fresh, path):
    response = put_encoded(fresh, path, b"climber")
    assert response.status in (201, 400)
    if response.status == 201:
        assert uploaded(response).name == "passwd"
    outside = [found for found in fresh.data.parent.rglob("passwd*")]
    assert outside == []
    assert all(path.relative_to(fresh.data).parts[0] == "objects" for path in fresh.stored())


@pytest.mark.parametrize("path", ["..", ".", "%2e%2e", "%2E", "a/..", "%2e%2e%2f"])
def test_name__that_is_only_dots__never_becomes_a_name(sluice, path):
    response = put_encoded(sluice, path)
    assert response.status in (201, 400)
    if response.status == 201:
        assert link_parts(response.header("Location"))[2] not in (".", "..", "")


@pytest.mark.parametrize("path", [
    "a%00b", "%00", "a%0Ab", "a%0D%0ASet-Cookie%3A%20x", "a%01b", "a%1Fb", "a%7Fb", "tab%09",
    "a%C2%85b", "a%1Bb",
])
def test_name__with_control_characters__400_and_nothing_kept(sluice, path):
    before = sluice.names()
    assert put_encoded(sluice, path).status == 400
    assert settled(lambda: not sluice.names() - before)


@pytest.mark.parametrize("path", [
    "%FF", "a%C3", "%C3%28", "%E2%82", "%ED%A0%80", "%F5%80%80%80", "%C0%AF", "%C0%80",
    "%F4%90%80%80", "%E0%80%AF",
])
def test_name__not_utf_8__400(sluice, path):
    assert put_encoded(sluice, path).status == 400


@pytest.mark.parametrize("path", ["x" * 256, "x" * 3000, quote("ж" * 128), "%78" * 256])
def test_name__longer_than_255_bytes__400_and_nothing_kept(sluice, path):
    before = sluice.names()
    response = put_encoded(sluice, path)
    assert response.status == 400
    assert "255" in response.text
    assert settled(lambda: not sluice.names() - before)


def test_name__needless_escapes__decoded_once(sluice):
    assert uploaded(put_encoded(sluice, "%61%62%63.txt")).name == "abc.txt"
    assert uploaded(put_encoded(sluice, "a%2541.txt")).name == "a%41.txt"


def test_name__query_behind_it__is_no_part_of_it(sluice):
    assert uploaded(put_encoded(sluice, "q.txt?a=b/c")).name == "q.txt"


@pytest.mark.parametrize("name", ["healthz", "metrics", "api", "files", "assets"])
def test_name__of_a_route_of_ours__stored_or_refused_but_never_replaces_it(sluice, name):
    assert put_encoded(sluice, name).status in (201, 400, 405)
    assert sluice.get("/healthz").body.strip() == b"ok"
    assert sluice.get("/metrics").status == 200


def test_curl__non_ascii_file_name__kept(sluice, curl, tmp_path):
    path = tmp_path / "Пример 1.txt"
    path.write_bytes(pattern(100))
    done = curl("-T", path, sluice.url())
    assert done.returncode == 0, done.stderr
    url = done.stdout.decode().strip()
    assert link_parts(url)[2] == "Пример 1.txt"
    assert curl("-OJ", url, "--output-dir", tmp_path / "down", "--create-dirs").returncode == 0
    assert len(list((tmp_path / "down").iterdir())) == 1
