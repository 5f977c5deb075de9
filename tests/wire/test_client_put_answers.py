"""`sluice put` and servers that refuse, fail, forget, or aren't there."""
import time

from putting import Putter, Scripted, created
from sluice import MIB, free_port, pattern

BODY = pattern(2 * MIB, "answers")


def put_to(tmp_path, server, *words):
    put = Putter(tmp_path, server)
    return put.run(put.file("f.bin", BODY), *words), put


def test_put__a_full_disk__fails_at_once_in_the_servers_words(tmp_path):
    with Scripted(lambda *_: (507, {}, "There is no room.\n")) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 1 and "There is no room. (status 507)" in done.err
        assert len(server.requests) == 1


def test_put__a_full_disk_in_the_middle__fails_and_can_go_on_later(tmp_path):
    def script(handler, before):
        if handler.command == "POST":
            return created(server)
        if handler.command == "HEAD":
            return 200, {"Upload-Offset": "1000"}, ""
        return (507, {}, "Full.\n") if before == 0 else (204, {"Upload-Offset": len(BODY)}, "")

    with Scripted(script) as server:
        done, put = put_to(tmp_path, server)
        assert done.code == 1 and "Full. (status 507)" in done.err
        done = put.run(put.folder / "f.bin")
        assert done.code == 0 and server.count("POST") == 1, done
        assert server.requests[-1][3] == BODY[1000:]


def test_put__busy_servers__are_asked_again_after_what_they_say(tmp_path):
    def script(handler, before):
        if handler.command == "POST":
            return (429, {"Retry-After": "2"}, "Too many.\n") if before == 0 else created(server)
        return 204, {"Upload-Offset": len(BODY)}, ""

    with Scripted(script) as server:
        began = time.monotonic()
        done, _ = put_to(tmp_path, server)
        assert done.code == 0 and done.links == [server.url("/LINK/name")], done
        assert time.monotonic() - began >= 2
        assert "Too many. (status 429); trying again" in done.err


def test_put__an_offset_that_is_elsewhere__is_asked_for(tmp_path):
    def script(handler, before):
        if handler.command == "POST":
            return created(server)
        if handler.command == "HEAD":
            return 200, {"Upload-Offset": "700000"}, ""
        return (409, {}, "") if before == 0 else (204, {"Upload-Offset": len(BODY)}, "")

    with Scripted(script) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 0, done
        last = server.requests[-1]
        assert last[2]["Upload-Offset"] == "700000" and last[3] == BODY[700_000:]


def test_put__a_server_that_forgets__is_given_all_again_and_not_for_ever(tmp_path):
    def script(handler, _):
        return created(server) if handler.command == "POST" else (404, {}, "Gone.\n")

    with Scripted(script) as server:
        done, put = put_to(tmp_path, server)
        assert done.code == 1 and "again and again" in done.err
        assert server.count("POST") == 6
        assert [path for path in put.records() if path.suffix == ".upload"] == []


def test_put__a_server_that_takes_nothing__is_given_up(tmp_path):
    def script(handler, _):
        if handler.command == "POST":
            return created(server)
        return (200, {"Upload-Offset": "0"}, "") if handler.command == "HEAD" else (500, {}, "")

    with Scripted(script) as server:
        done, _ = put_to(tmp_path, server, "--retry-for", "2s")
        assert done.code == 3 and "gave up" in done.err and "(status 500)" in done.err


def test_put__a_server_that_says_yes_and_stores_nothing__is_not_asked_without_a_pause(tmp_path):
    def script(handler, _):
        return created(server) if handler.command == "POST" else (204, {"Upload-Offset": "0"}, "")

    with Scripted(script) as server:
        done, _ = put_to(tmp_path, server, "--retry-for", "2s")
        assert done.code == 3 and "stores nothing" in done.err
        assert server.count("PATCH") < 10


def test_put__a_server_without_links__has_the_address_of_the_upload_printed(tmp_path):
    def script(handler, _):
        if handler.command == "POST":
            return 201, {"Location": "one?x=1"}, ""
        return 204, {"Upload-Offset": len(BODY)}, ""

    with Scripted(script) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 0 and done.links == [server.url("/files/one?x=1")], done


def test_put__no_server__is_waited_for_as_long_as_it_may(tmp_path):
    began = time.monotonic()
    done, _ = put_to(tmp_path, f"http://127.0.0.1:{free_port()}", "--retry-for", "1s")
    assert done.code == 3 and "onnect" in done.err and done.links == []
    assert time.monotonic() - began < 10


def test_put__a_name_that_nobody_has__fails_at_once(tmp_path):
    done, _ = put_to(tmp_path, "http://no-such-host.invalid")
    assert done.code == 1 and "resolve" in done.err


def test_put__tls_with_a_server_that_has_none__fails_at_once(tmp_path):
    with Scripted(lambda *_: (200, {}, "")) as server:
        done, _ = put_to(tmp_path, server.url("").replace("http:", "https:"))
        assert done.code == 1 and "SSL" in done.err, done


def test_put__something_else_than_a_sluice__is_told(tmp_path):
    with Scripted(lambda *_: (200, {}, "Welcome.\n")) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 1 and "is there a Sluice at" in done.err
    with Scripted(lambda *_: (301, {"Location": "https://elsewhere.example/"}, "")) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 1 and "https://elsewhere.example/" in done.err


def test_put__words_that_steer_terminals__are_not_passed_on(tmp_path):
    with Scripted(lambda *_: (400, {}, "\x1b[31mred\x07\n")) as server:
        done, _ = put_to(tmp_path, server)
        assert done.code == 1 and "\x1b" not in done.err and "\\u001b[31mred" in done.err
