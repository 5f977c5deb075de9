"""tus 1.0.0, "Concatenation": parts that were sent side by side become one file."""
import threading

import pytest

from live import CHUNK, TUS
from sluice import MIB, pattern, run_tool, settled
from tus import (DEFERRED, PARTIAL, append, ask, create, create_with, created, delete, encoded,
                 is_gone, metadata, offset_of, patch, post)

NOWHERE = "/files/AAAAAAAAAAAAAAAAAAAAAA"


def part(server, body, size=-1, *fields):
    return create_with(server, len(body) if size == -1 else size, body, PARTIAL, *fields)


def final(*urls):
    return ("Upload-Concat", "final;" + " ".join(urls))


def join(server, parts, *fields):
    return created(post(server, final(*(upload.path for upload in parts)), *fields))


def test_partial__has_no_link_and_says_what_it_is(sluice):
    upload = part(sluice, b"abc", 10)
    assert upload.link is None and upload.key is None
    assert ask(sluice, upload.path).header("Upload-Concat") == "partial"
    assert offset_of(sluice, upload.path) == 3
    append(sluice, upload.path, 3, b"defghij")
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") == "10" == response.header("Upload-Length")
    assert response.header("Sluice-Link") is None
    assert sluice.get("/" + upload.path[-22:]).status == 404


@pytest.mark.parametrize("sizes", [[1], [3, 4], [0, 5, 0], [4096, 1, 4095], [0, 0], [7] * 20,
                                   [700_001, MIB, 3]])
def test_final__of_parts_of_any_size__is_them_in_a_row(sluice, sizes):
    bodies = [pattern(size, f"part {number}") for number, size in enumerate(sizes)]
    parts = [part(sluice, body) for body in bodies]
    upload = join(sluice, parts, metadata(filename="joined.bin"))
    assert upload.response.header("Upload-Offset") is None or not sum(sizes)
    response = ask(sluice, upload.path)
    assert response.header("Upload-Length") == str(sum(sizes)) == response.header("Upload-Offset")
    assert response.header("Upload-Concat") == "final;" + " ".join(one.path for one in parts)
    assert response.header("Upload-Expires") is None
    body = b"".join(bodies)
    assert sluice.get(upload.target).body == body
    assert upload.target.endswith("/joined.bin")
    if len(body) > 5:
        middle = sluice.get(upload.target, ("Range", f"bytes=2-{len(body) - 2}"))
        assert middle.status == 206 and middle.body == body[2:-1]


def test_final__of_parts_that_come_at_once__is_whole(sluice):
    body = pattern(4 * MIB + 5, "parallel")
    pieces = [body[at:at + MIB] for at in range(0, len(body), MIB)]
    parts = [create(sluice, len(piece), PARTIAL) for piece in pieces]

    def send(upload, piece):
        for at in range(0, len(piece), 300_000):
            append(sluice, upload.path, at, piece[at:at + 300_000])

    threads = [threading.Thread(target=send, args=pair) for pair in zip(parts, pieces)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sluice.get(join(sluice, parts).target).body == body


def test_part__twice_in_one_and_in_several_finals__stands_in_each(sluice):
    one, two = part(sluice, b"one"), part(sluice, b"two2")
    first = join(sluice, [one, two, one, one])
    second = join(sluice, [two, two])
    assert sluice.get(first.target).body == b"onetwo2oneone"
    assert sluice.get(second.target).body == b"two2two2"
    assert first.link != second.link


@pytest.mark.parametrize("form", ["absolute", "relative", "name", "mixed"])
def test_urls__of_any_form__are_told_again_as_they_were(sluice, form):
    parts = [part(sluice, b"abc"), part(sluice, b"def")]
    forms = {"absolute": [sluice.url(one.path) for one in parts],
             "relative": [one.path for one in parts],
             "name": [one.path.rpartition("/")[2] for one in parts],
             "mixed": [sluice.url(parts[0].path), parts[1].path]}
    upload = created(post(sluice, final(*forms[form])))
    assert ask(sluice, upload.path).header("Upload-Concat") == final(*forms[form])[1]
    assert sluice.get(upload.target).body == b"abcdef"


def test_metadata_and_options__are_those_of_the_final(sluice):
    parts = [part(sluice, b"abc", -1, metadata(filename="part.txt")), part(sluice, b"def")]
    upload = join(sluice, parts)
    assert upload.target.endswith("/file")
    assert ask(sluice, upload.path).header("Upload-Metadata") is None
    field = metadata(filename="whole.txt", filetype="text/plain", max_downloads="3")
    upload = join(sluice, parts, field)
    assert ask(sluice, upload.path).header("Upload-Metadata") == field[1]
    assert upload.target.endswith("/whole.txt") and sluice.info(upload.link)["downloads_max"] == 3


# ---- What is refused ----

@pytest.mark.parametrize("word", ["final", "final;", "final; ", "parts", "", "partial;x", "FINAL",
                                  "final;/files/short", "final;/LINK/AAAAAAAAAAAAAAAAAAAAAA",
                                  "final;http://127.0.0.1/AAAAAAAAAAAAAAAAAAAAAA"])
def test_upload_concat__malformed__400(sluice, word):
    for fields in ([], [("Upload-Length", "0")]):
        assert post(sluice, ("Upload-Concat", word), *fields).status in (400, 404)


@pytest.mark.parametrize("field", [("Upload-Length", "3"), DEFERRED])
def test_final__with_a_length_of_its_own__400(sluice, field):
    assert post(sluice, final(part(sluice, b"abc").path), field).status == 400


def test_final__with_a_body__403(sluice):
    assert post(sluice, final(part(sluice, b"abc").path), CHUNK, body=b"x").status == 403


def test_final__of_what_is_no_part__refused(sluice):
    one = part(sluice, b"abc")
    whole = create_with(sluice, 3, b"abc")
    gone = part(sluice, b"abc")
    assert delete(sluice, gone.path).status == 204
    assert post(sluice, final(one.path, NOWHERE)).status in (403, 404)
    assert post(sluice, final(one.path, gone.path)).status in (403, 404, 410)
    assert post(sluice, final(one.path, whole.path)).status == 400
    assert post(sluice, final(one.path, join(sluice, [one]).path)).status == 400
    assert post(sluice, final("/files/" + whole.link)).status in (400, 403, 404)


def test_patch__of_a_final__403(sluice):
    for parts in ([part(sluice, b"abc")], [part(sluice, b"ab", 3)]):
        upload = join(sluice, parts)
        for at in (0, 2, 3):
            assert patch(sluice, upload.path, at, b"x").status == 403
    assert offset_of(sluice, parts[0].path) == 2


def test_sum__above_the_bound__413(start):
    server = start("--max-size", "10")
    one = part(server, b"abcdef")
    assert post(server, final(one.path, one.path)).status == 413
    assert server.get(join(server, [one]).target).body == b"abcdef"
    assert settled(lambda: len(server.stored()) == 1)


def test_parts__too_many_for_one_head__refused_and_as_many_as_fit_joined(sluice):
    one = part(sluice, b"x")
    name = one.path.rpartition("/")[2]
    assert post(sluice, final(*[name] * 600)).status in (400, 413, 431)
    upload = created(post(sluice, final(*[name] * 500)))
    assert sluice.get(upload.target).body == b"x" * 500


# ---- Before the parts are there ----

@pytest.mark.parametrize("known", [True, False])
def test_final__of_parts_that_are_still_coming__becomes_ready_with_the_last(sluice, known):
    extensions = sluice.request("OPTIONS", "/files/").header("Tus-Extension")
    assert "concatenation-unfinished" in extensions.split(",")
    parts = [part(sluice, b"ab", 3 if known else None), part(sluice, b"", 3 if known else None)]
    upload = join(sluice, parts, metadata(filename="later.bin"))
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") is None
    assert response.header("Upload-Length") == ("6" if known else None)
    assert sluice.info(upload.link)["state"] in ("arriving", "waiting")
    last = [] if known else [("Upload-Length", "3")]
    append(sluice, parts[1].path, 0, b"def", *last)
    assert sluice.info(upload.link)["state"] in ("arriving", "waiting")
    append(sluice, parts[0].path, 2, b"c", *last)
    assert sluice.info(upload.link)["state"] == "ready"
    response = ask(sluice, upload.path)
    assert response.header("Upload-Offset") == "6" == response.header("Upload-Length")
    assert sluice.get(upload.target).body == b"abcdef"


def test_part__deleted_before_it_was_complete__its_final_never_pretends(sluice):
    parts = [part(sluice, b"abc"), part(sluice, b"d", 3)]
    upload = join(sluice, parts)
    assert delete(sluice, parts[1].path).status == 204
    response = sluice.request("HEAD", upload.path, [TUS])
    assert response.status in (404, 410) or response.header("Upload-Offset") is None
    assert sluice.get(upload.target).status in (404, 410)


# ---- Ending ----

def test_deleting__takes_bytes_with_the_last_that_needs_them(fresh):
    one, two = part(fresh, pattern(5000, 1)), part(fresh, pattern(6000, 2))
    first, second = join(fresh, [one, two]), join(fresh, [two])
    assert delete(fresh, two.path).status in (204, 403, 409)
    assert fresh.get(first.target).body == pattern(5000, 1) + pattern(6000, 2)
    assert delete(fresh, first.path).status == 204
    assert is_gone(fresh, first.path) and fresh.get(first.target).status in (404, 410)
    assert fresh.get(second.target).body == pattern(6000, 2)
    assert fresh.request("DELETE", "/" + second.link,
                         [("Authorization", f"Bearer {second.key}")]).status == 204
    for upload in (one, two):
        assert delete(fresh, upload.path).status in (204, 404)
        assert is_gone(fresh, upload.path)
    assert settled(lambda: not fresh.stored()), fresh.stored()


def test_kill_9__of_files_made_of_parts__serves_them_again(start):
    server = start()
    bodies = [pattern(300_000, 1), pattern(5, 2), pattern(MIB, 3)]
    parts = [part(server, body) for body in bodies]
    open_part = part(server, b"ab", 4)
    whole, later = join(server, parts, metadata(filename="w")), join(server, [*parts, open_part])
    assert encoded("w") in ask(server, whole.path).header("Upload-Metadata")
    server.kill()
    again = start(data=server.data)
    assert again.get(whole.target).body == b"".join(bodies)
    assert ask(again, later.path).header("Upload-Offset") is None
    assert ask(again, later.path).header("Upload-Length") == str(sum(map(len, bodies)) + 4)
    append(again, open_part.path, 2, b"cd")
    assert again.get(later.target).body == b"".join(bodies) + b"abcd"
    assert join(again, [open_part, open_part]).link
    again.kill()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output
