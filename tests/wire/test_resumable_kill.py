"""Resumable Uploads for HTTP over kill -9: the offset told is on the disk, the end is whole.

SLUICE_TEST_KILL_ROUNDS says how often (3), SLUICE_TEST_SEED repeats the choices of a run.
"""
import os
import random
import time

import pytest

from rawhttp import ConnectionEnded
from resumable import LAST, VERSION, append, append_fields, ask, begin, upload_target
from sluice import MIB, digest_of, link_parts, pattern, run_tool, settled, uploaded

pytestmark = pytest.mark.workers

ROUNDS = int(os.environ.get("SLUICE_TEST_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("SLUICE_TEST_SEED", str(random.randrange(10**6))))


def send_until_killed(server, body, target, offset, chooser):
    """Sends the rest of `body` in one request and kills the server meanwhile."""
    with server.connect() as connection:
        connection.send_head("PATCH", target, append_fields(
            offset, True, ("Content-Length", str(len(body) - offset))))
        connection.send(body[offset:offset + chooser.randrange(3 * MIB)])
        time.sleep(chooser.choice([0, 0.01, 0.1, 0.7]))
        server.kill()


def test_kill_9__again_and_again__ends_whole_and_nothing_is_taken_back(start):
    print(f"SLUICE_TEST_SEED={SEED}")
    chooser = random.Random(SEED)
    body = pattern(12 * MIB + 345, SEED)
    server = start()
    target, response = begin(server, "k.bin", b"", ("Upload-Length", str(len(body))),
                             ("Repr-Digest", digest_of(body)))
    durable = 0
    for _ in range(ROUNDS):
        send_until_killed(server, body, target, durable, chooser)
        server = start(data=server.data)
        offset, complete, _ = ask(server, target)
        assert durable <= offset <= len(body) and not complete
        assert ask(server, target)[0] == offset
        piece = body[offset:offset + 100_000]
        answer = append(server, target, offset, piece)
        assert answer.status == 204
        durable = offset + len(piece)
        assert ask(server, target, method="GET")[0] == durable
    server.kill()
    server = start(data=server.data)
    assert ask(server, target)[0] == durable, "an offset that was told is not there any more"
    done = append(server, target, durable, body[durable:], complete=True)
    upload = uploaded(done)
    assert upload.link == link_parts(response.header("Sluice-Link"))[1]
    assert done.header("Repr-Digest") == digest_of(body)
    assert server.get(upload.target).body == body
    server.stop()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output


def test_kill_9__of_a_creation_that_was_announced__goes_on(start):
    body = pattern(5 * MIB, "announced")
    server = start()
    with server.connect() as connection:
        connection.send_head("PUT", "/a.bin", [LAST, VERSION, ("Content-Length", str(len(body)))])
        interim = connection.read_one_head()
        connection.send(body[:4 * MIB])
        target = upload_target(interim)
        time.sleep(0.5)
        told = ask(server, target, method="GET")[0]
        server.kill()
    again = start(data=server.data)
    offset, complete, _ = ask(again, target)
    assert told <= offset <= 4 * MIB and not complete
    done = append(again, target, offset, body[offset:], complete=True)
    assert link_parts(done.text.strip())[1] == link_parts(interim.header("Sluice-Link"))[1]
    assert again.get(uploaded(done).target).body == body


def test_kill_9__right_after_the_last_answer__complete(start):
    server = start()
    target, _ = begin(server, "c.bin", b"abc")
    upload = uploaded(append(server, target, 3, b"def", complete=True))
    server.kill()
    again = start(data=server.data)
    assert ask(again, target)[:2] == (6, True)
    assert again.get(upload.target).body == b"abcdef"


def test_sigterm__while_one_is_sending__keeps_what_came(start):
    body = pattern(3 * MIB, "term")
    server = start("--grace", "1s")
    target, _ = begin(server, "t.bin", body[:1000])
    with server.connect() as connection:
        connection.send_head("PATCH", target, append_fields(
            1000, True, ("Content-Length", str(len(body) - 1000))))
        connection.send(body[1000:2 * MIB])
        time.sleep(0.3)
        server.stop()
        try:
            assert connection.response().status == 503
        except ConnectionEnded:
            pass
    again = start(data=server.data)
    offset, complete, _ = ask(again, target)
    assert offset == 2 * MIB and not complete
    done = append(again, target, offset, body[offset:], complete=True)
    assert again.get(uploaded(done).target).body == body


def test_expired__upload_that_nobody_goes_on_with__404_and_nothing_left(start):
    server = start("--upload-expires", "1m")
    _, response = begin(server, "e.bin", pattern(1000))
    age = int(response.header("Upload-Limit").split("max-age=")[1])
    assert 50 <= age <= 60
