"""Files of the page: from a folder (--web-dev), and those that were built in."""
import gzip
import os
import re

import pytest

from pages import BROWSER, make_page
from sluice import settled


@pytest.fixture
def page(tmp_path):
    return make_page(tmp_path / "page")


@pytest.fixture
def server(start, page):
    return start("--web-dev", page)


def test_dev__file_of_the_folder__is_read_at_each_request(server, page):
    script = page / "assets" / "home-0123.js"
    for text in ("one\n", "two, longer\n", ""):
        script.write_text(text)
        response = server.get("/assets/home-0123.js", ("Accept-Encoding", "br, gzip"))
        assert response.status == 200 and response.text == text
        assert response.header("Content-Type") == "text/javascript; charset=utf-8"
        assert response.header("Cache-Control") == "no-store"
        assert response.header("Content-Encoding") is None
    (page / "home.html").write_text("new {{base}}!")
    assert server.get("/", BROWSER).text == "new !"


@pytest.mark.parametrize("name", [
    "nothing.js", "", ".hidden", "..", "../home.html", "..%2fhome.html", "%2e%2e/home.html",
    "sub/file.js", "link.js", "sub", "a%00b", "a b", "%E2%82%AC.js", "x" * 300])
def test_dev__any_other_name__finds_nothing(server, page, name):
    (page / "assets" / ".hidden").write_text("secret")
    (page / "assets" / "sub").mkdir()
    (page / "assets" / "sub" / "file.js").write_text("secret")
    os.symlink("/etc/passwd", page / "assets" / "link.js")
    response = server.get("/assets/" + name)
    assert response.status == (400 if "%00" in name or " " in name else 404), response


def test_dev__pipe_in_the_folder__does_not_block(server, page):
    os.mkfifo(page / "assets" / "pipe.js")
    assert server.get("/assets/pipe.js").status == 404
    assert server.get("/assets/style-0123.css").status == 200


def test_dev__folder_that_disappears__gives_plain_pages(server, page):
    page.rename(page.with_name("elsewhere"))
    assert server.get("/assets/home-0123.js").status == 404
    assert "<form" in server.get("/", BROWSER).text
    page.with_name("elsewhere").rename(page)
    assert settled(lambda: server.get("/assets/home-0123.js").status == 200)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_asset__changed_by_a_client__405(server, method):
    response = server.request(method, "/assets/home-0123.js", [], b"")
    assert response.status == 405
    assert response.header("Allow") == "GET, HEAD, OPTIONS"


# ---- Those that were built in ----

@pytest.fixture
def script(sluice):
    """The path of a script of the real page."""
    found = re.search(r'src="(/assets/home-[0-9a-f]+\.js)"', sluice.get("/", BROWSER).text)
    if not found:
        pytest.skip("this program was built without the page")
    return found[1]


def test_built_in__script__is_kept_for_ever_by_browsers(sluice, script):
    response = sluice.get(script)
    assert response.status == 200 and response.body
    assert response.header("Cache-Control") == "public, max-age=31536000, immutable"
    assert response.header("Vary") == "Accept-Encoding"
    assert response.header("Content-Encoding") is None
    assert response.header("Content-Type") == "text/javascript; charset=utf-8"
    assert response.header("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("accepted,coding", [
    ("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("br;q=0, gzip;q=0.1", "gzip"),
    ("*", "br"), ("identity", None), ("deflate", None), ("br;q=0, *;q=0", None)])
def test_built_in__accepted_coding__is_chosen(sluice, script, accepted, coding):
    plain = sluice.get(script)
    response = sluice.get(script, ("Accept-Encoding", accepted))
    assert response.header("Content-Encoding") == coding
    assert response.header("Vary") == "Accept-Encoding"
    if coding is not None:
        assert len(response.body) < len(plain.body) / 2
        assert response.header("ETag") != plain.header("ETag")
    if coding == "gzip":
        assert gzip.decompress(response.body) == plain.body
    head = sluice.request("HEAD", script, [("Accept-Encoding", accepted)])
    assert head.header("Content-Length") == str(len(response.body))
    assert head.header("ETag") == response.header("ETag")


@pytest.mark.parametrize("accepted", ["br", "gzip", "identity"])
def test_built_in__known_tag__304(sluice, script, accepted):
    fields = [("Accept-Encoding", accepted)]
    tag = sluice.get(script, *fields).header("ETag")
    assert re.fullmatch(r'"[^"]+"', tag)
    for known in (tag, f'"x", W/{tag}', "*"):
        response = sluice.get(script, *fields, ("If-None-Match", known))
        assert response.status == 304 and response.body == b""
        assert response.header("ETag") == tag
        assert response.header("Cache-Control").startswith("public")
        assert response.header("Vary") == "Accept-Encoding"
    assert sluice.get(script, *fields, ("If-None-Match", '"other"')).status == 200
    assert sluice.get(script, *fields, ("If-Match", '"other"')).status == 412


def test_built_in__documents__name_files_that_are_there(sluice, script):
    upload = sluice.put("a.txt", b"a")
    for target in ("/", f"/{upload.link}"):
        text = sluice.get(target, BROWSER).text
        assert "{{" not in text and "<style" not in text and " style=" not in text
        assert not re.search(r"<script(?![^>]* src=)", text)
        for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', text):
            assert sluice.get(path).status == 200, path


@pytest.mark.parametrize("name", ["home.html", "../home.html", "nothing.js", "%2e%2e/home.html"])
def test_built_in__any_other_name__404(sluice, name):
    assert sluice.get("/assets/" + name).status == 404
