"""Faults that were found in use, each kept from coming back."""
import re
import resource
import time

from forms import TYPE, form, part
from rawhttp import ConnectionEnded
from sluice import pattern, settled


def test_log__link_asked_for_with_escapes__is_cut_all_the_same(start):
    server = start()
    link = server.put("a.txt", b"secret").link
    escaped = f"%{ord(link[0]):02X}" + link[1:]
    assert server.get(f"/{escaped}/a.txt").body == b"secret"
    assert settled(lambda: f"/{link[:6]}..." in server.log())
    assert link[1:] not in server.log()


def test_form__of_two_files_in_plain_text__tells_both_keys(sluice):
    body = form(part(b"one", filename=b"1.txt"), part(b"two", filename=b"2.txt"))
    with sluice.connect() as connection:
        response = connection.request("POST", "/", [TYPE], body)
    urls = response.text.splitlines()
    keys = response.header("Sluice-Key").split(", ")
    assert len(urls) == len(keys) == 2
    for url, key in zip(urls, keys):
        link = re.search(r"/([\w-]{22})/", url)[1]
        answer = sluice.request("DELETE", f"/{link}", [("Authorization", f"Bearer {key}")])
        assert answer.status == 204


def test_stop__while_an_upload_runs__new_clients_are_refused_at_once(start):
    server = start("--grace", "3s")
    with server.connect() as running:
        running.send_head("PUT", "/slow.bin", [("Content-Length", "1000")])
        running.send(b"x")
        time.sleep(0.3)
        server.process.terminate()
        time.sleep(0.3)
        began = time.monotonic()
        try:
            with server.connect() as late:
                late.request("GET", "/healthz")
            assert False, "a new client was served"
        except (ConnectionRefusedError, ConnectionEnded):
            pass
        assert time.monotonic() - began < 1
        running.send(pattern(999))
        assert running.response().status == 201


def test_stop__grace_over__upload_is_told_that_the_server_goes_down(start):
    server = start("--grace", "500ms")
    with server.connect() as running:
        running.send_head("PUT", "/slow.bin", [("Content-Length", "1000")])
        running.send(b"x")
        time.sleep(0.3)
        server.process.terminate()
        response = running.response()
        assert response.status == 503 and not response.keeps_alive
    assert settled(lambda: not server.stored())


def test_answer__of_500__is_logged_even_without_access_log(start):
    server = start("--access-log", "off")
    upload = server.put("gone.bin", pattern(100_000))
    for path in server.stored():
        path.unlink()
    assert server.get(upload.target).status == 500
    assert settled(lambda: "status=500" in server.log())


def test_many_slow_uploads__more_than_descriptors_for_their_files__all_get_through(start):
    server = start("--workers", "2")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (1000, 1000))
    connections = [server.connect() for _ in range(440)]
    body = pattern(3000)
    for piece in (0, 1000, 2000):
        for connection in connections:
            if piece == 0:
                connection.send_head("PUT", "/slow.bin", [("Content-Length", "3000")])
            connection.send(body[piece:piece + 1000])
        time.sleep(0.5)
        assert server.get("/healthz").status == 200
    targets = []
    for connection in connections:
        response = connection.response()
        assert response.status == 201, response
        targets.append("/" + response.text.strip().split("/", 3)[3])
        connection.close()
    for target in targets[::40]:
        assert server.get(target).body == body
