"""What was answered is safe: kill -9 at random moments loses nothing that was acknowledged.

SLUICE_TEST_KILL_ROUNDS says how often (3), SLUICE_TEST_SEED repeats the choices of a run.
"""
import os
import random
import threading
import time

import pytest

from forms import TYPE, form, part
from rawhttp import ConnectionEnded, ProtocolError, chunked
from sluice import link_parts, pattern, run_tool, settled, sha256

pytestmark = pytest.mark.workers

ROUNDS = int(os.environ.get("SLUICE_TEST_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("SLUICE_TEST_SEED", str(random.randrange(10**6))))
SIZES = [0, 1, 4000, 16_384, 70_000, 524_288, 1_200_000]


class Uploader(threading.Thread):
    """Uploads one file after another until the server is gone; remembers what was answered."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server = server
        self.random = random.Random(seed)
        self.acknowledged = {}
        self.deleted = []
        self.in_flight = 0
        self.unexpected = None

    def run(self):
        try:
            with self.server.connect() as connection:
                while True:
                    self.upload_one(connection)
        except (OSError, ConnectionEnded):
            pass
        except (AssertionError, ProtocolError) as problem:
            self.unexpected = problem

    def upload_one(self, connection):
        body = self.random.randbytes(self.random.choice(SIZES))
        way = self.random.randrange(4)
        self.in_flight = 2 if way == 2 else 1
        if way == 0:
            response = connection.request("PUT", "/k.bin", [("Transfer-Encoding", "chunked")],
                                          chunked(body, 50_000))
        elif way == 2:
            parts = part(body, filename=b"one") + part(body, filename=b"two")
            response = connection.request("POST", "/", [TYPE], form(parts))
        else:
            response = connection.request("PUT", "/k.bin", [], body)
        assert response.status == 201, response
        for url in response.text.splitlines():
            self.acknowledged[link_parts(url)[0]] = (len(body), sha256(body))
        self.in_flight = 0
        if way == 3 and self.random.random() < 0.3:
            target, link, _ = link_parts(response.text.strip())
            del self.acknowledged[target]
            self.in_flight = 1
            key = response.header("Sluice-Key")
            answer = connection.request("DELETE", f"/{link}", [("Authorization", f"Bearer {key}")])
            assert answer.status == 204, answer
            self.in_flight = 0
            self.deleted.append(target)


def crash_one_round(server, seed):
    """Uploads from many sides, kills the server in the midst, returns the uploaders."""
    uploaders = [Uploader(server, f"{seed}-{n}") for n in range(8)]
    stalled = [server.connect() for _ in range(4)]
    for number, connection in enumerate(stalled):
        connection.send_head("PUT", "/half.bin", [("Content-Length", "9000000")])
        connection.send(MARK + pattern(900_000 * number + 10))
    for uploader in uploaders:
        uploader.start()
    time.sleep(random.Random(seed).uniform(0.1, 0.8))
    server.kill()
    for uploader in uploaders:
        uploader.join(30)
        assert uploader.unexpected is None, uploader.unexpected
    for connection in stalled:
        connection.close()
    return uploaders


MARK = b"a half file that must never be seen again: "


def half_files(server):
    found = []
    for path in server.stored():
        try:
            with open(path, "rb") as file:
                if file.read(len(MARK)) == MARK:
                    found.append(path)
        except FileNotFoundError:
            pass
    return found


def assert_all_there(server, acknowledged):
    with server.connect() as connection:
        for target, (size, digest) in acknowledged.items():
            response = connection.request("GET", target)
            assert response.status == 200, f"{target} was acknowledged and is gone"
            assert len(response.body) == size and sha256(response.body) == digest, target


def test_kill_9__at_random_moments__keeps_every_acknowledged_file_and_no_half_one(start):
    print(f"SLUICE_TEST_SEED={SEED}")
    server = start()
    acknowledged, deleted, unknown = {}, [], 0
    for number in range(ROUNDS):
        uploaders = crash_one_round(server, f"{SEED}-{number}")
        fresh_ones = {}
        for uploader in uploaders:
            fresh_ones.update(uploader.acknowledged)
            deleted += uploader.deleted
            unknown += uploader.in_flight
        acknowledged.update(fresh_ones)
        server = start(data=server.data)
        assert_all_there(server, fresh_ones)
        assert settled(lambda: not half_files(server), within=10), half_files(server)
    assert_all_there(server, acknowledged)
    for target in deleted:
        assert server.get(target).status in (404, 410), f"{target} was deleted and is back"
    kept, most = len(acknowledged), len(acknowledged) + unknown
    empty = sum(1 for size, _ in acknowledged.values() if size == 0)
    assert settled(lambda: kept - empty <= len(server.stored()) <= most, within=10), \
        f"{len(server.stored())} files for {kept} to {most} links"
    assert settled(lambda: "sweep ended" in server.log(), within=10)
    server.stop()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output
    assert len(acknowledged) > ROUNDS, "nothing was acknowledged: the test proved nothing"


def test_kill_9__right_after_each_answer__the_file_is_there(start):
    server = start()
    kept = {}
    for number in range(4):
        body = pattern(SIZES[number + 2], f"right after {number}")
        upload = server.put("now.bin", body)
        server.kill()
        kept[upload.target] = (len(body), sha256(body))
        server = start(data=server.data)
        assert_all_there(server, kept)


def test_kill_9__in_mid_upload__leaves_nothing_after_the_sweep(start):
    server = start()
    connections = [server.connect() for _ in range(6)]
    for number, connection in enumerate(connections):
        framing = ("Content-Length", "5000000") if number % 2 else ("Transfer-Encoding", "chunked")
        connection.send_head("PUT", "/half.bin", [framing])
        connection.send((b"" if number % 2 else b"3d0900\r\n") + pattern(700_000 * number))
    time.sleep(0.3)
    server.kill()
    again = start(data=server.data)
    assert settled(lambda: not again.stored(), within=10), again.stored()
    for connection in connections:
        connection.close()


def test_kill_9__in_mid_download__serves_it_again(start):
    server = start()
    body = pattern(5_000_000, "mid download")
    upload = server.put("down.bin", body)
    with server.connect(receive_buffer=8192) as connection:
        connection.send_request("GET", upload.target)
        connection.read_head()
        server.kill()
    again = start(data=server.data)
    assert again.get(upload.target).body == body


def test_kill_9__of_uses_that_were_counted__never_gives_them_back(start):
    server = start()
    upload = server.put("once.bin", pattern(5000), ("Max-Downloads", "1"))
    with server.connect() as connection:
        assert connection.request("GET", upload.target).status == 200
        assert connection.request("GET", upload.target).status == 410
    server.kill()
    again = start(data=server.data)
    assert again.get(upload.target).status == 410
    assert settled(lambda: not again.stored(), within=15)
