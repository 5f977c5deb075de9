"""Collections: many files under one link."""
import json
import time

import pytest

from live import Live
from pages import BROWSER, Collection, make_page, post_collection, values
from sluice import link_parts, pattern, rfc3339, run_tool, settled
from watching import Stream


def put_some(server, count=3):
    return [server.put(f"file {number}.png".replace(" ", "%20"), pattern(1000 + number),
                       ("Content-Type", "image/png")) for number in range(count)]


def delete(server, upload):
    response = server.request("DELETE", f"/{upload.link}",
                              [("Authorization", f"Bearer {upload.key}")])
    assert response.status == 204, response


# ---- Reading ----

def test_collection__for_curl__is_one_address_a_line(sluice, curl):
    collection = Collection(sluice, put_some(sluice))
    assert collection.lines() == [
        sluice.url(f"/{collection.link}/{n}/file%20{n}.png") for n in range(3)]
    for number, url in enumerate(collection.lines()):
        assert curl(url).stdout == pattern(1000 + number)
    assert sluice.get(collection.target + "/").text.splitlines() == collection.lines()


def test_collection__each_file__is_a_download_like_any_other(sluice):
    collection = Collection(sluice, put_some(sluice))
    whole = pattern(1001)
    response = collection.get(1)
    assert response.status == 200 and response.body == whole
    assert response.header("Content-Type") == "image/png"
    assert response.header("Content-Disposition").startswith("inline")
    assert "file 1.png" in response.header("Content-Disposition")
    assert response.header("Content-Security-Policy").startswith("sandbox")
    tag = response.header("ETag")
    assert collection.get(1, ("If-None-Match", tag)).status == 304
    part = collection.get(1, ("Range", "bytes=10-19"), ("If-Range", tag))
    assert part.status == 206 and part.body == whole[10:20]
    assert collection.get(1, ("Range", "bytes=0-1,5-6")).status == 206
    assert sluice.get(f"{collection.target}/1").body == whole
    assert sluice.get(f"{collection.target}/1/x?download").header(
        "Content-Disposition").startswith("attachment")
    head = sluice.request("HEAD", f"{collection.target}/1/x")
    assert head.header("Content-Length") == "1001" and head.body == b""


@pytest.mark.parametrize("rest", ["/3", "/3/file", "/-1/x", "/00x/x", "/x", "/256/x", "/1x/y",
                                  "/99999999999999999999/x", "//x", "/+1/x"])
def test_collection__no_such_file__404(sluice, rest):
    collection = Collection(sluice, put_some(sluice))
    assert sluice.get(collection.target + rest).status == 404


def test_collection__as_json__tells_its_files(sluice):
    uploads = put_some(sluice)
    collection = Collection(sluice, uploads, "My \"photos\"")
    info = collection.info()
    assert info["link"] == collection.link and info["url"] == collection.url
    assert info["name"] == "My \"photos\"" and info["state"] == "ready" and info["type"] == ""
    assert info["size"] == info["received"] == info["stored"] == 3003
    assert info["expires"] is None and info["downloads_max"] is None and info["digest"] == {}
    assert info["files"] == [
        {"name": f"file {n}.png", "type": "image/png", "size": 1000 + n, "received": 1000 + n,
         "stored": 1000 + n, "state": "ready", "url": line}
        for n, line in enumerate(collection.lines())]
    text = json.dumps(info)
    assert not any(upload.link in text or upload.key in text for upload in uploads)
    assert json.loads(sluice.get(collection.target, ("Accept", "application/json")).text) == info


def test_collection__for_a_browser_without_the_page__is_a_list(start, tmp_path):
    server = start("--web-dev", tmp_path / "nothing")
    upload = server.put("x", b"1234", ("X-File-Name", "x"))
    server.request("PATCH", f"/api/files/{upload.link}", [
        ("Authorization", f"Bearer {upload.key}"), ("Content-Type", "application/json")],
        json.dumps({"name": "<b>\"&'.txt"}).encode())
    collection = Collection(server, [upload], "<i>'\"&")
    response = server.get(collection.target, BROWSER)
    assert response.status == 200
    assert response.header("Content-Type") == "text/html; charset=utf-8"
    assert response.header("Content-Security-Policy") == "default-src 'none'"
    assert "<b>" not in response.text and "<i>" not in response.text
    assert f'href="{collection.lines()[0]}?download"' in response.text
    assert "&lt;b&gt;&quot;&amp;&#39;.txt</a>, 4 bytes" in response.text


def test_collection__for_a_browser__is_told_in_the_document(start, tmp_path):
    server = start("--web-dev", make_page(tmp_path / "page"))
    collection = Collection(server, put_some(server))
    found = values(server.get(collection.target, BROWSER))
    assert found["name"] == "photos" and found["size"] == "3 kB" and found["state"] == "ready"
    assert json.loads(found["facts"]) == collection.info()
    assert found["download"] == collection.target + "/"
    listed = server.get(found["download"], BROWSER)
    assert listed.header("Content-Type").startswith("text/html") and "file 2.png" in listed.text


def test_collection__most_files__are_all_there(sluice):
    upload = put_some(sluice, 1)[0]
    collection = Collection(sluice, [upload] * 256)
    assert len(collection.lines()) == len(collection.info()["files"]) == 256
    assert collection.get(255).body == pattern(1000)
    body = {"files": [{"link": upload.link, "key": upload.key}] * 257}
    response = post_collection(sluice, body)
    assert response.status == 400 and "256" in response.text


def test_collection__longest_names__fit(sluice):
    name = "я" * 125 + ".html"
    uploads = [sluice.put("x", b"1", ("X-File-Name", "x")) for _ in range(3)]
    for upload in uploads:
        response = sluice.request("PATCH", f"/api/files/{upload.link}", [
            ("Authorization", f"Bearer {upload.key}"), ("Content-Type", "application/json")],
            json.dumps({"name": name}).encode())
        assert response.status == 200, response
    collection = Collection(sluice, uploads, "\"" * 255)
    assert [file["name"] for file in collection.info()["files"]] == [name] * 3
    assert len(sluice.get(collection.target, BROWSER).text) > 3 * 250
    assert link_parts(collection.lines()[0].replace("/0/", "/", 1))[2] == name


# ---- Making ----

@pytest.mark.parametrize("change,status", [
    ({"files": []}, 400), ({}, 400), ({"files": 1}, 400), ({"files": [1]}, 400),
    ({"files": [{}]}, 400), ({"files": [{"link": "L"}]}, 400), ({"files": [{"key": "K"}]}, 400),
    ({"files": [{"link": "x", "key": "K"}]}, 400),
    ({"files": [{"link": "L", "key": "K", "more": 1}]}, 400),
    ({"files": [{"link": "L", "key": 1}]}, 400), ({"name": ""}, 400), ({"name": 1}, 400),
    ({"name": "x" * 256}, 400), ({"name": "a\nb"}, 400), ({"more": 1}, 400),
    ({"files": [{"link": "A" * 22, "key": "K"}]}, 404),
    ({"files": [{"link": "L", "key": "K"}, {"link": "L", "key": "L"}]}, 403),
    ({"files": [{"link": "L", "key": ""}]}, 403)])
def test_create__something_is_wrong__is_refused(sluice, change, status):
    upload = put_some(sluice, 1)[0]
    body = {"files": [{"link": "L", "key": "K"}], "name": "x", **change}
    if change == {}:
        del body["files"]
    text = json.dumps(body).replace('"L"', f'"{upload.link}"').replace('"K"', f'"{upload.key}"')
    response = post_collection(sluice, text.encode())
    assert response.status == status, response
    assert response.text.count("\n") == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"files":[{]}', b'{"files":[[]]}', b"\xff"])
def test_create__malformed__400(sluice, body):
    assert post_collection(sluice, body).status == 400


def test_create__other_type__415(sluice):
    assert post_collection(sluice, b"{}", ("Content-Type", "text/plain")).status == 415


@pytest.mark.parametrize("fields,body", [
    ((), b" " * 32769), ((("Transfer-Encoding", "chunked"),), b"8001\r\n" + b" " * 32769)])
def test_create__too_large__413(sluice, fields, body):
    assert post_collection(sluice, body, *fields).status == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_create__other_method__405(sluice, method):
    response = sluice.request(method, "/api/collections", [], b"" if method == "PATCH" else None)
    assert response.status == 405 and response.header("Allow") == "POST, OPTIONS"


def test_create__of_a_collection__400(sluice):
    collection = Collection(sluice, put_some(sluice))
    body = {"files": [{"link": collection.link, "key": collection.key}]}
    response = post_collection(sluice, body)
    assert response.status == 400 and "collection itself" in response.text


def test_create__of_a_limited_link__400_until_it_is_lifted(sluice):
    upload = sluice.put("a", b"a", ("Max-Downloads", "2"))
    body = {"files": [{"link": upload.link, "key": upload.key}]}
    assert post_collection(sluice, body).status == 400
    response = sluice.request("PATCH", f"/api/files/{upload.link}", [
        ("Authorization", f"Bearer {upload.key}"), ("Content-Type", "application/json")],
        b'{"max_downloads":null}')
    assert response.status == 200
    assert post_collection(sluice, body).status == 201


def test_create__with_a_limit__400(sluice):
    upload = put_some(sluice, 1)[0]
    body = {"files": [{"link": upload.link, "key": upload.key}]}
    assert post_collection(sluice, body, ("Max-Downloads", "3")).status == 400


def test_create__from_a_foreign_page__is_refused(start):
    server = start("--cors-origin", "none")
    upload = put_some(server, 1)[0]
    body = {"files": [{"link": upload.link, "key": upload.key}]}
    assert post_collection(server, body, ("Origin", "https://evil.example")).status == 403


# ---- Changing and ending ----

def test_edit__name_and_expiry__of_the_whole(sluice):
    collection = Collection(sluice, put_some(sluice))
    end = rfc3339(time.time() + 86400)
    response = collection.patch({"name": "other", "expires": end, "max_downloads": None})
    assert response.status == 200
    info = json.loads(response.text)
    assert info == collection.info()
    assert info["name"] == "other" and info["expires"] == end
    assert [file["name"] for file in info["files"]] == [f"file {n}.png" for n in range(3)]


def test_edit__max_downloads__400_in_words(sluice):
    collection = Collection(sluice, put_some(sluice))
    response = collection.patch({"max_downloads": 5})
    assert response.status == 400 and "several files" in response.text
    assert collection.info()["downloads_max"] is None


def test_expiry__comes__files_stay_under_their_own_links(fresh):
    uploads = put_some(fresh)
    collection = Collection(fresh, uploads, "x", ("Sluice-Expires", "1s"))
    assert settled(lambda: fresh.get(collection.target).status == 410)
    assert fresh.get(collection.target + "/0/x").status == 410
    assert fresh.get(uploads[0].target).body == pattern(1000)


def test_delete__of_a_member__leaves_its_bytes_to_the_collection(fresh):
    uploads = put_some(fresh)
    collection = Collection(fresh, uploads)
    delete(fresh, uploads[1])
    assert fresh.get(uploads[1].target).status == 404
    assert collection.get(1).body == pattern(1001)
    assert len(fresh.stored()) == 3


def test_delete__of_the_collection__removes_only_what_nothing_else_names(fresh):
    uploads = put_some(fresh)
    first, second = Collection(fresh, uploads[:2]), Collection(fresh, uploads[1:])
    delete(fresh, uploads[0])
    delete(fresh, uploads[1])
    assert fresh.request("DELETE", first.target).status == 401
    assert fresh.request("DELETE", first.target,
                         [("Authorization", f"Bearer {uploads[0].key}")]).status == 403
    assert first.request("DELETE").status == 204
    assert fresh.get(first.target).status == 404 and fresh.get(first.target + "/0").status == 404
    assert settled(lambda: sorted(fresh.stored().values()) == [1001, 1002])
    assert second.get(0).body == pattern(1001)
    delete(fresh, second)
    assert settled(lambda: list(fresh.stored().values()) == [1002])
    assert fresh.get(uploads[2].target).body == pattern(1002)


def test_delete__of_hundreds_of_files__all_bytes_go(fresh):
    uploads = put_some(fresh, 70)
    collection = Collection(fresh, uploads)
    for upload in uploads:
        delete(fresh, upload)
    assert len(fresh.stored()) == 70
    assert collection.request("DELETE").status == 204
    assert settled(lambda: not fresh.stored(), within=20)


def test_restart__collection_is_as_it_was_and_check_is_content(start, tmp_path):
    data = tmp_path / "data"
    server = start(data=data)
    uploads = put_some(server)
    collection = Collection(server, uploads)
    delete(server, uploads[0])
    before = collection.info()
    server.kill()
    server.start()
    now = collection.info()
    assert [file["name"] for file in now["files"]] == [file["name"] for file in before["files"]]
    assert collection.get(0).body == pattern(1000)
    server.stop()
    code, output = run_tool("check", "--data", data)
    assert code == 0 and "checked: 3 objects" in output and "problems left: 0" in output, output


def test_downloads__of_any_file__are_counted(sluice):
    collection = Collection(sluice, put_some(sluice))
    for number in (0, 2, 2):
        assert collection.get(number).status == 200
    assert settled(lambda: collection.info()["downloads"] == 3)


def test_digest__of_a_file__is_told(sluice):
    collection = Collection(sluice, put_some(sluice))
    response = collection.get(0, ("Want-Repr-Digest", "sha-256=1"))
    assert response.status == 200
    assert collection.get(0, ("Want-Repr-Digest", "sha-256=1")).header("Repr-Digest")


# ---- While files arrive ----

def test_arriving__member__is_followed_through_the_collection(fresh):
    body = pattern(300_000)
    ready, live = put_some(fresh, 1)[0], Live(fresh, body, name="live.bin")
    live.append(100_000)
    collection = Collection(fresh, [live, ready])
    info = collection.info()
    assert info["state"] == "waiting" and info["size"] == 301_000
    assert info["files"][0]["state"] == "waiting" and info["files"][0]["stored"] == 100_000
    assert info["files"][1]["state"] == "ready"
    with fresh.connect() as reader:
        reader.send_request("GET", f"{collection.target}/0/x", ())
        head = reader.read_head()
        assert head.header("Content-Length") == "300000"
        assert head.header("Sluice-State") == "waiting"
        assert reader.read_exactly(100_000) == body[:100_000]
        sending = live.connect()
        live.send(sending, 100_000)
        assert reader.read_exactly(100_000) == body[100_000:200_000]
        assert settled(lambda: collection.info()["state"] == "arriving")
        live.send(sending, 100_000)
        assert reader.read_exactly(100_000) == body[200_000:]
        assert sending.response().status == 204
    assert settled(lambda: collection.info()["state"] == "ready")
    assert collection.get(0).body == body


def test_arriving__member_is_taken_back__is_no_file_of_it_any_more(fresh):
    uploads, live = put_some(fresh, 2), Live(fresh, pattern(5000))
    live.append(1000)
    collection = Collection(fresh, [uploads[0], live, uploads[1]])
    live.delete()
    assert [file["name"] for file in collection.info()["files"]] == ["file 0.png", "file 1.png"]
    assert collection.info()["state"] == "ready"
    assert collection.get(1).status == 404 and collection.get(2).body == pattern(1001)
    assert settled(lambda: len(fresh.stored()) == 2)


def test_arriving__size_unknown__so_is_that_of_the_whole(fresh):
    live = Live(fresh, pattern(5000), known=False)
    collection = Collection(fresh, [live])
    assert collection.info()["size"] is None
    live.finish()
    assert settled(lambda: collection.info()["size"] == 5000)


def test_arriving__told_early__cannot_be_collected_yet(fresh):
    with fresh.connect() as connection:
        connection.send_head("PUT", "/early.bin", [("Sluice-Early", "?1"), ("Content-Length", 10)])
        told = connection.read_one_head()
        assert told.status == 103
        link = link_parts(told.header("Sluice-Link"))[1]
        body = {"files": [{"link": link, "key": told.header("Sluice-Key")}]}
        assert post_collection(fresh, body).status == 409
        connection.send(b"0123456789")
        assert connection.response().status == 201
    assert post_collection(fresh, body).status == 201


def test_progress__of_a_collection__is_told_until_all_are_there(fresh):
    ready, live = put_some(fresh, 1)[0], Live(fresh, pattern(5000))
    collection = Collection(fresh, [live, ready])
    target = f"/api/files/{collection.link}/progress"
    with Stream(fresh, target) as stream:
        first = stream.line()
        live.append(2000)
        assert stream.line()["stored"] == 3000
        live.finish()
        last = stream.lines()[-1]
    assert first["link"] == collection.link and first["state"] == "waiting"
    assert first["size"] == 6000 and first["stored"] == 1000
    assert last["state"] == "ready" and last["stored"] == 6000
    with Stream(fresh, target) as stream:
        assert [line["state"] for line in stream.lines()] == ["ready"]


def test_progress__collection_is_deleted__is_told(fresh):
    live = Live(fresh, pattern(5000))
    collection = Collection(fresh, [live])
    with Stream(fresh, f"/api/files/{collection.link}/progress") as stream:
        assert stream.line()["state"] == "waiting"
        assert collection.request("DELETE").status == 204
        assert [line["state"] for line in stream.lines()] == ["deleted"]
    live.finish()
    assert fresh.get(live.target).body == pattern(5000)


def test_progress__server_goes_down__ends_the_watch(start):
    server = start()
    collection = Collection(server, [Live(server, pattern(5000))])
    with Stream(server, f"/api/files/{collection.link}/progress") as stream:
        assert stream.line()["state"] == "waiting"
        server.stop()
