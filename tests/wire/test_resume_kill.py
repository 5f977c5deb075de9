"""tus over kill -9: the offset told is on the disk, what was told is never taken back, the end is
whole.

SLUICE_TEST_KILL_ROUNDS says how often (3), SLUICE_TEST_SEED repeats the choices of a run.
"""
import os
import random
import socket
import threading
import time

import pytest

from live import TUS
from rawhttp import ConnectionEnded, chunk
from sluice import KIB, MIB, digest_of, pattern, run_tool, settled
from tus import (PARTIAL, append, append_fields, arriving, ask, begin_append, checksum, create,
                 create_with, created, metadata, offset_of, patch, post, stored_of)

pytestmark = pytest.mark.workers

ROUNDS = int(os.environ.get("SLUICE_TEST_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("SLUICE_TEST_SEED", str(random.randrange(10**6))))
SENT_AGAIN_MAX = 8 * MIB


def check_is_clean(server):
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output


class Sender(threading.Thread):
    """Sends one upload in requests of one kind until the server is gone; remembers how much it had
    sent, and how much of that was acknowledged."""

    def __init__(self, server, sending, until):
        super().__init__(daemon=True)
        self.server, self.sending, self.until = server, sending, until
        self.unexpected = None

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.send_one()
        except (OSError, ConnectionEnded):
            pass
        except AssertionError as problem:
            self.unexpected = problem

    def send_one(self):
        sending = self.sending
        offset = sending.acknowledged
        piece = sending.body[offset:offset + sending.piece_size()]
        fields = [checksum("sha1", piece)] if sending.verified else []
        framing = (("Transfer-Encoding", "chunked") if sending.is_chunked
                   else ("Content-Length", len(piece)))
        with self.server.connect() as connection:
            connection.send_head("PATCH", sending.path, append_fields(offset, framing, *fields))
            self.send_piece(connection, piece)
            response = connection.response()
        assert response.status == 204, response
        assert response.header("Upload-Offset") == str(offset + len(piece))
        sending.acknowledged = offset + len(piece)

    def send_piece(self, connection, piece):
        sending = self.sending
        offset = sending.acknowledged
        for at in range(0, len(piece), sending.step):
            data = piece[at:at + sending.step]
            sending.sent = max(sending.sent, offset + at + len(data))
            connection.send(chunk(data) if sending.is_chunked else data)
            if sending.pause:
                time.sleep(sending.pause)
        if sending.is_chunked:
            connection.send(b"0\r\n\r\n")


class Sending:
    """An upload, and the way in which it is sent."""

    def __init__(self, server, seed, known, speed, way):
        self.chooser = random.Random(seed)
        self.known = known
        self.speed = speed
        self.is_chunked = way == "chunked"
        self.verified = way == "verified"
        self.step, self.pause = {"dribbling": (311, 0.003), "slow": (20_000, 0.01),
                                 "fast": (256 * KIB, 0)}[speed]
        self.body = pattern(16 * MIB if speed == "fast" else 2 * MIB, seed)
        begun = self.body[:self.chooser.choice([0, 1, 4096, 5001])]
        upload = create_with(server, len(self.body) if known else None, begun,
                             *self.fields())
        self.path, self.target = upload.path, upload.target
        self.acknowledged = self.sent = len(begun)

    def fields(self):
        is_claimed = self.chooser.random() < 0.5
        return [("Repr-Digest", digest_of(self.body))] if is_claimed else []

    def piece_size(self):
        most = len(self.body) - self.acknowledged - 1  # the last byte is left for the end
        wanted = self.chooser.choice([1, 4096, 65_536, 300_001, 2 * MIB, 8 * MIB - 1])
        return min(most, wanted if self.speed != "dribbling" else 2000 + wanted % 5000)

    def settle(self, server):
        """Compares with what the server says after it was killed."""
        stored = stored_of(server, self.path)
        offset = offset_of(server, self.path)
        assert stored == offset, "nobody was sending, so both are the same"
        assert offset >= self.acknowledged, f"{self}: took back what it had acknowledged"
        assert offset <= self.sent, f"{self}: tells bytes that were never sent"
        if self.verified:
            assert offset in (self.acknowledged, self.sent), f"{self}: tells unverified bytes"
        assert offset_of(server, self.path) == offset
        self.acknowledged = self.sent = offset

    def finish(self, server):
        fields = [] if self.known else [("Upload-Length", len(self.body))]
        append(server, self.path, self.acknowledged, self.body[self.acknowledged:], *fields)
        assert server.get(self.target).body == self.body, f"{self}: came back different"

    def __repr__(self):
        return (f"<known={self.known} speed={self.speed} chunked={self.is_chunked} "
                f"verified={self.verified} sent={self.sent} acknowledged={self.acknowledged}>")


def kill_in_the_midst(server, sendings, chooser):
    until = time.monotonic() + 30
    senders = [Sender(server, sending, until) for sending in sendings]
    for sender in senders:
        sender.start()
    time.sleep(chooser.uniform(0.05, 0.7))
    server.kill()
    for sender in senders:
        sender.join(60)
        assert sender.unexpected is None, (sender.sending, sender.unexpected)


def test_kill_9__at_random_moments__every_way_of_sending_ends_whole(start):
    print(f"SLUICE_TEST_SEED={SEED}")
    chooser = random.Random(SEED)
    server = start()
    ways = [(known, speed, way) for known in (True, False)
            for speed in ("dribbling", "slow", "fast") for way in ("plain", "chunked", "verified")]
    sendings = [Sending(server, f"{SEED} {number}", *way) for number, way in enumerate(ways)]
    for _ in range(ROUNDS):
        kill_in_the_midst(server, sendings, chooser)
        server = start(data=server.data)
        for sending in sendings:
            sending.settle(server)
    for sending in sendings:
        sending.finish(server)
    assert settled(lambda: "sweep ended" in server.log())
    server.kill()
    check_is_clean(server)


@pytest.mark.parametrize("known", [True, False])
def test_kill_9__at_full_speed__little_is_sent_again(start, known):
    body = pattern(64 * MIB, "full speed")
    server = start()
    upload = create(server, len(body) if known else None)
    for target in (20 * MIB + 17, 45 * MIB):
        offset = offset_of(server, upload.path)
        with begin_append(server, upload.path, offset, len(body) - offset, b"") as connection:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * KIB)
            sent = offset
            while sent < target:
                connection.send(body[sent:sent + 64 * KIB])
                sent += 64 * KIB
            server.kill()
        server = start(data=server.data)
        told = offset_of(server, upload.path)
        assert sent - SENT_AGAIN_MAX <= told <= sent, (sent, told)
    append(server, upload.path, told, body[told:], *([] if known else [
        ("Upload-Length", len(body))]))
    assert server.get(upload.target).body == body


def test_kill_9__of_verified_requests__leaves_the_offsets_where_they_were(start):
    body = pattern(4 * MIB, "verified")
    server = start()
    uploads = []
    for known in (True, False):
        for size, sent in [(0, 10), (999, 70_000), (4096, 70_000), (0, 3 * MIB), (4096, 3 * MIB)]:
            upload = create_with(server, len(body) if known else None, body[:size])
            rest = body[size:]
            connection = begin_append(server, upload.path, size, len(rest), rest[:sent],
                                      checksum("sha1", rest))
            uploads.append((upload, known, size, connection))
    assert settled(lambda: all(server.info(upload.link)["state"] == "arriving"
                               for upload, _, _, _ in uploads))
    time.sleep(0.3)
    server.kill()
    again = start(data=server.data)
    for upload, known, size, connection in uploads:
        connection.close()
        assert stored_of(again, upload.path) == size == offset_of(again, upload.path)
        append(again, upload.path, size, body[size:], checksum("sha1", body[size:]),
               *([] if known else [("Upload-Length", len(body))]))
        assert again.get(upload.target).body == body


def test_kill_9__behind_the_last_byte__the_next_question_completes_it(start):
    body = pattern(2 * MIB + 9, "last byte")
    server = start()
    uploads = []
    for number in range(6):
        upload = create_with(server, len(body), body[:100], metadata(filename=f"{number}"))
        uploads.append(upload)
    connections = [begin_append(server, upload.path, 100, len(body) - 100, body[100:-1])
                   for upload in uploads]
    for upload in uploads:
        arriving(server, upload.link, len(body) - 1)
    for connection in connections:
        connection.send(body[-1:])
    server.kill()
    again = start(data=server.data)
    for upload, connection in zip(uploads, connections):
        connection.close()
        response = ask(again, upload.path)
        offset = int(response.header("Upload-Offset"))
        assert 100 <= offset <= len(body)
        if offset < len(body):
            append(again, upload.path, offset, body[offset:])
        assert again.info(upload.link)["state"] == "ready"
        assert again.get(upload.target).body == body
        assert ask(again, upload.path).header("Upload-Offset") == str(len(body))


def test_kill_9__right_after_each_answer__what_it_told_holds(start):
    body = pattern(MIB, "answers")
    server = start()
    upload = create(server, len(body), metadata(filename="a.bin"))
    at = 0
    for count in (1, 4095, 100_000, 524_288):
        at = append(server, upload.path, at, body[at:at + count])
        server.kill()
        server = start(data=server.data)
        response = ask(server, upload.path)
        assert response.header("Upload-Offset") == str(at)
        assert response.header("Upload-Length") == str(len(body))
        assert response.header("Upload-Metadata") == metadata(filename="a.bin")[1]
    append(server, upload.path, at, body[at:])
    server.kill()
    again = start(data=server.data)
    assert ask(again, upload.path).header("Upload-Offset") == str(len(body))
    assert again.get(upload.target).body == body


def test_kill_9__behind_a_length_that_was_told_late__keeps_it(start):
    server = start()
    upload = create_with(server, None, b"abc")
    assert patch(server, upload.path, 3, b"d", ("Upload-Length", "6")).status == 204
    dropped = create_with(server, 10, b"abc")
    assert server.request("DELETE", dropped.path, [TUS]).status == 204
    server.kill()
    again = start(data=server.data)
    assert ask(again, upload.path).header("Upload-Length") == "6"
    assert patch(again, upload.path, 4, b"ef", ("Upload-Length", "7")).status == 400
    append(again, upload.path, 4, b"ef")
    assert again.get(upload.target).body == b"abcdef"
    assert again.request("HEAD", dropped.path, [TUS]).status in (404, 410)


def test_kill_9__while_parts_are_sent__the_file_made_of_them_is_whole(start):
    body = pattern(6 * MIB, "parts")
    server = start()
    parts = [create(server, 2 * MIB, PARTIAL) for _ in range(3)]
    final = ("Upload-Concat", "final;" + " ".join(part.path for part in parts))
    early = created(post(server, final))
    connections = [begin_append(server, part.path, 0, 2 * MIB, body[number * 2 * MIB:][:MIB + 1])
                   for number, part in enumerate(parts)]
    time.sleep(0.2)
    server.kill()
    again = start(data=server.data)
    for number, part in enumerate(parts):
        connections[number].close()
        offset = offset_of(again, part.path)
        assert offset <= MIB + 1
        append(again, part.path, offset, body[number * 2 * MIB + offset:(number + 1) * 2 * MIB])
    late = created(post(again, final))
    for upload in (early, late):
        assert again.get(upload.target).body == body
    again.kill()
    last = start(data=server.data)
    for upload in (early, late):
        assert last.get(upload.target).body == body
        assert ask(last, upload.path).header("Upload-Offset") == str(len(body))
    last.kill()
    check_is_clean(last)
