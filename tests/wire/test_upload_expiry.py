"""Uploads that come to no end: their time is over, or their sender takes them back."""
import calendar
import os
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from live import TUS
from rawhttp import ConnectionEnded
from sluice import MIB, pattern, run_tool, settled
from tus import (PARTIAL, append, ask, begin_append, create, create_with, created, delete, is_gone,
                 offset_of, patch, post)

MINUTE = 60


def seconds_of(http_date):
    return calendar.timegm(time.strptime(http_date, "%a, %d %b %Y %H:%M:%S GMT"))


def expires_of(response):
    return seconds_of(response.header("Upload-Expires"))


def age(server, seconds):
    """Lets the data folder of a server that has ended lie untouched for so long: all times in it
    are set back."""
    with closing(sqlite3.connect(server.data / "catalog.db")) as catalog, catalog:
        catalog.execute("UPDATE uploads SET created = created - ?1, expires = expires - ?1",
                        (seconds * 1000,))
        catalog.execute("UPDATE links SET created = created - ?", (seconds * 1000,))
    for path in server.stored():
        if path.parts[-3] == "objects":
            found = os.stat(path)
            os.utime(path, (found.st_atime - seconds, found.st_mtime - seconds))


def rest(start, server, seconds, *flags):
    """The same, between a stop and the next start."""
    server.stop()
    age(server, seconds)
    return start(*flags, data=server.data)


def test_upload_expires__moves_on_with_each_answer(start):
    server = start("--upload-expires", "1h")
    upload = create(server, 10)
    first = expires_of(upload.response)
    assert abs(first - time.time() - 60 * MINUTE) < 10
    time.sleep(1.1)
    response = patch(server, upload.path, 0, b"abc")
    assert first < expires_of(response) <= time.time() + 60 * MINUTE + 1
    assert expires_of(ask(server, upload.path)) >= first
    assert patch(server, upload.path, 3, b"defghij").header("Upload-Expires") is None


def test_abandoned__removed_with_its_bytes_and_what_goes_on_is_kept(start):
    flags = ("--upload-expires", "1h")
    server = start(*flags)
    body = pattern(2 * MIB, "expiry")
    abandoned = [create_with(server, len(body), body[:MIB]), create_with(server, None, body[:5]),
                 create(server, 10), create_with(server, 10, b"abc", PARTIAL)]
    lively = create_with(server, len(body), body[:1000])
    whole = create_with(server, 5, b"whole")
    server = rest(start, server, 40 * MINUTE, *flags)
    append(server, lively.path, 1000, body[1000:5000])
    assert not is_gone(server, abandoned[0].path)
    server = rest(start, server, 40 * MINUTE, *flags)
    for upload in abandoned:
        assert settled(lambda: is_gone(server, upload.path), within=10), upload
        assert patch(server, upload.path, 0, b"").status in (404, 410)
        assert upload.target is None or server.get(upload.target).status in (404, 410)
    assert offset_of(server, lively.path) == 5000
    append(server, lively.path, 5000, body[5000:])
    assert server.get(lively.target).body == body
    assert settled(lambda: is_gone(server, whole.path)), "its upload is forgotten"
    assert server.get(whole.target).body == b"whole", "and its link is not"
    assert settled(lambda: sorted(server.stored().values()) == [5, len(body)]), server.stored()
    server.stop()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output


def test_parts__whose_time_is_over__stay_as_long_as_a_file_is_made_of_them(start):
    flags = ("--upload-expires", "1h")
    server = start(*flags)
    used = create_with(server, 5, b"used!", PARTIAL)
    unused = create_with(server, 3, b"not", PARTIAL)
    unfinished = create_with(server, 10, b"open", PARTIAL)
    final = created(post(server, ("Upload-Concat", f"final;{used.path} {used.path}")))
    waiting = created(post(server, ("Upload-Concat", f"final;{used.path} {unfinished.path}")))
    server = rest(start, server, 61 * MINUTE, *flags)
    for upload in (used, unused, unfinished, final, waiting):
        assert settled(lambda: is_gone(server, upload.path)), upload
    assert server.get(final.target).body == b"used!used!"
    assert server.get(waiting.target).status in (404, 410)
    assert settled(lambda: list(server.stored().values()) == [5]), server.stored()
    server.stop()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output


@pytest.mark.deep
def test_abandoned__while_the_server_runs__removed_after_a_while_and_not_who_is_slow(start):
    server = start("--upload-expires", "1m", "--body-idle", "10m")
    abandoned, lively = create_with(server, 1000, b"x" * 100), create(server, 1000)
    with begin_append(server, lively.path, 0, 1000, b"x") as sender:
        for _ in range(300):
            sender.send(b"x")
            time.sleep(0.5)
        sender.send(b"x" * 699)
        assert sender.response().status == 204
    assert is_gone(server, abandoned.path)
    assert server.get(lively.target).body == b"x" * 1000
    assert list(server.stored().values()) == [1000]


def test_least_time__is_a_minute(tmp_path):
    code, output = run_tool("serve", "--upload-expires", "59s", "--data", tmp_path / "data")
    assert code == 2 and "upload-expires" in output and "1m" in output


# ---- Termination ----

def test_delete__takes_back_what_is_there(fresh):
    for size, sent in [(10, 0), (10, 3), (10, 10), (None, 3), (0, 0), (8 * MIB, 3 * MIB)]:
        upload = create_with(fresh, size, b"x" * sent)
        response = delete(fresh, upload.path)
        assert response.status == 204 and response.header("Tus-Resumable") == "1.0.0"
        assert is_gone(fresh, upload.path)
        assert delete(fresh, upload.path).status in (404, 410)
        assert patch(fresh, upload.path, sent, b"x").status in (404, 410)
        assert fresh.get(upload.target).status in (404, 410)
        assert settled(lambda: not fresh.stored()), fresh.stored()


def test_delete__while_many_ask__is_seen_by_all_from_then_on(sluice):
    """Whoever was reading about the upload meanwhile must not bring it back."""
    for _ in range(20):
        upload = create_with(sluice, 10, b"abc")
        over = threading.Event()

        def keep_asking():
            while not over.is_set():
                try:
                    sluice.request("HEAD", upload.path, [TUS])
                except (ConnectionEnded, OSError):
                    pass

        threads = [threading.Thread(target=keep_asking) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert delete(sluice, upload.path).status == 204
        assert is_gone(sluice, upload.path)
        over.set()
        for thread in threads:
            thread.join()
        assert is_gone(sluice, upload.path)


def test_delete__of_the_link__ends_the_upload(fresh):
    upload = create_with(fresh, 10, b"abc")
    with begin_append(fresh, upload.path, 3, 7, b"de") as sender:
        assert settled(lambda: fresh.info(upload.link)["received"] == 5)
        wrong = fresh.request("DELETE", f"/{upload.link}", [("Authorization", "Bearer x")])
        assert wrong.status == 403
        assert fresh.request("DELETE", f"/{upload.link}", [
            ("Authorization", f"Bearer {upload.key}")]).status == 204
        sender.send(b"fghij") if not sender.buffer else None
        assert settled(lambda: is_gone(fresh, upload.path))
    assert fresh.get(upload.target).status in (404, 410)
    assert settled(lambda: not fresh.stored()), fresh.stored()


def test_delete__and_a_restart__stays_deleted(start):
    server = start()
    upload = create_with(server, 10, b"abc")
    assert delete(server, upload.path).status == 204
    server.kill()
    again = start(data=server.data)
    assert is_gone(again, upload.path)
    assert settled(lambda: not again.stored()), again.stored()
    again.kill()
    code, output = run_tool("check", "--data", again.data)
    assert code == 0, output
