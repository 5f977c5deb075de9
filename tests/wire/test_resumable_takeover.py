"""Resumable Uploads for HTTP: a newer connection takes over at once, nobody waits for a lock."""
import threading
import time

import pytest

from rawhttp import ConnectionEnded
from resumable import (LAST, VERSION, append, append_fields, ask, begin, problem_of,
                       upload_target)
from sluice import KIB, MIB, PATIENCE, pattern, settled, uploaded

pytestmark = pytest.mark.workers

AT_ONCE = 2.0 * PATIENCE


def stall(server, target, at, sent, size):
    """A sender of `size` bytes at offset `at` that falls silent after those in `sent`."""
    connection = server.connect()
    connection.send_head("PATCH", target, append_fields(at, True, ("Content-Length", str(size))))
    connection.send(sent)
    assert settled(lambda: ask(server, target, method="GET")[0] >= at)
    return connection


def is_cut(connection):
    try:
        connection.response()
    except ConnectionEnded as ended:
        return ended.received == b""
    return False


@pytest.mark.parametrize("sent", [0, 10, 300_000, 3 * MIB + 1])
def test_head__while_a_sender_is_stalled__answers_at_once_and_ends_it(sluice, sent):
    body = pattern(4 * MIB, "stall")
    target, _ = begin(sluice, "s.bin", body[:1000])
    with stall(sluice, target, 1000, body[1000:1000 + sent], len(body) - 1000) as older:
        began = time.monotonic()
        offset, complete, _ = ask(sluice, target)
        assert time.monotonic() - began < AT_ONCE
        assert 1000 <= offset <= 1000 + sent and not complete
        done = append(sluice, target, offset, body[offset:], complete=True)
        assert sluice.get(uploaded(done).target).body == body
        assert is_cut(older)


def test_head__while_a_creation_is_stalled__answers_at_once_and_ends_it(sluice):
    body = pattern(MIB, "creation")
    with sluice.connect() as older:
        older.send_head("PUT", "/s.bin", [LAST, VERSION, ("Content-Length", str(MIB))])
        target = upload_target(older.read_one_head())
        older.send(body[:300_000])
        time.sleep(0.3)
        began = time.monotonic()
        offset, complete, _ = ask(sluice, target)
        assert time.monotonic() - began < AT_ONCE and offset == 300_000 and not complete
        assert is_cut(older)
    done = append(sluice, target, offset, body[offset:], complete=True)
    assert sluice.get(uploaded(done).target).body == body


def test_patch__while_a_sender_is_stalled__takes_over_at_its_offset(sluice):
    body = pattern(MIB, "patch")
    target, _ = begin(sluice, "p.bin", body[:1000])
    with stall(sluice, target, 1000, body[1000:200_000], MIB - 1000) as older:
        time.sleep(0.3)
        began = time.monotonic()
        done = append(sluice, target, 200_000, body[200_000:], complete=True)
        assert time.monotonic() - began < AT_ONCE
        assert sluice.get(uploaded(done).target).body == body
        assert is_cut(older)


def test_patch__at_another_offset_while_one_is_sent__409_with_one_that_works(sluice):
    body = pattern(MIB, "conflict")
    target, _ = begin(sluice, "p.bin", body[:1000])
    with stall(sluice, target, 1000, body[1000:200_000], MIB - 1000):
        time.sleep(0.3)
        response = append(sluice, target, 1000, body[1000:], complete=True)
        document = problem_of(response, 409, "mismatching-upload-offset")
        offset = document["expected-offset"]
        done = append(sluice, target, offset, body[offset:], complete=True)
        assert sluice.get(uploaded(done).target).body == body


def test_get__while_one_is_sending__does_not_disturb_it(sluice):
    body = pattern(MIB, "get")
    target, _ = begin(sluice, "g.bin", body[:1000])
    with stall(sluice, target, 1000, body[1000:400_000], MIB - 1000) as sender:
        for _ in range(20):
            assert not ask(sluice, target, method="GET")[1]
        sender.send(body[400_000:])
        assert sluice.get(uploaded(sender.response()).target).body == body


def test_delete__while_a_sender_is_stalled__ends_it_at_once(fresh):
    body = pattern(MIB, "delete")
    target, _ = begin(fresh, "d.bin", body[:1000])
    with stall(fresh, target, 1000, body[1000:400_000], MIB - 1000) as sender:
        began = time.monotonic()
        assert fresh.request("DELETE", target).status == 204
        assert time.monotonic() - began < AT_ONCE
        assert is_cut(sender)
    assert fresh.request("HEAD", target).status == 404
    assert settled(lambda: not fresh.stored())


def test_many_connections__fight_for_one_upload__bytes_come_back_equal(sluice):
    """Clients that all believe to be the only one; each asks, sends a piece, and breaks off."""
    body = pattern(4 * MIB, "fight")
    target, _ = begin(sluice, "f.bin", b"", ("Upload-Length", str(len(body))))
    unexpected = []

    def fight(seed):
        end = time.monotonic() + 2.0
        turn = 0
        while time.monotonic() < end:
            turn += 1
            try:
                told = sluice.request("HEAD", target)
                if told.status == 503:
                    continue
                offset = int(told.header("Upload-Offset"))
                piece = body[offset:offset + (seed * 37 + turn * 11) % 97 * KIB + 1]
                if not piece:
                    return
                response = append(sluice, target, offset, piece)
                if response.status not in (204, 409, 503):
                    unexpected.append(response)
            except (ConnectionEnded, OSError):
                pass
            except AssertionError as problem:
                unexpected.append(problem)

    threads = [threading.Thread(target=fight, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not unexpected, unexpected[:3]
    offset, _, _ = ask(sluice, target)
    assert offset > 0
    done = append(sluice, target, offset, body[offset:], complete=True)
    assert sluice.get(uploaded(done).target).body == body
