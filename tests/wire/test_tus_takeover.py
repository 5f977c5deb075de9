"""tus 1.0.0: whoever comes last goes on with an upload, and nobody ever waits for who is silent."""
import random
import threading
import time

import pytest

from live import CHUNK, TUS
from rawhttp import ConnectionEnded, chunked
from sluice import MIB, PATIENCE, pattern, settled
from tus import (AT_ONCE, append, append_fields, arriving, ask, begin_append, checksum, create,
                 create_with, delete, is_cut, is_gone, offset_of, patch, stored_of)

pytestmark = pytest.mark.workers


class AtOnce:
    """What is done within took no longer than an answer that waits for nobody."""

    def __enter__(self):
        self.began = time.monotonic()

    def __exit__(self, *_):
        took = time.monotonic() - self.began
        assert took < AT_ONCE, f"took {took:.3f} s"


@pytest.mark.parametrize("sent", [0, 1, 5000, 300_001, 2 * MIB, 3 * MIB + 1])
@pytest.mark.parametrize("known", [True, False])
def test_head__while_a_sender_is_silent__answers_at_once_what_came(sluice, sent, known):
    body = pattern(4 * MIB, "silent")
    upload = create_with(sluice, len(body), body[:1000])
    with begin_append(sluice, upload.path, 1000, len(body) - 1000 if known else None,
                      body[1000:1000 + sent]) as older:
        arriving(sluice, upload.link, 1000 + sent)
        with AtOnce():
            stored = stored_of(sluice, upload.path)
        assert 1000 <= stored <= 1000 + sent
        with AtOnce():
            answer = sluice.get(upload.target + "?x", ("Range", "bytes=0-9"))
            assert answer.body[:10] == body[:10]
        with AtOnce():
            offset = offset_of(sluice, upload.path)
        assert stored <= offset == 1000 + sent
        assert is_cut(older)
    with AtOnce():
        assert offset_of(sluice, upload.path) == offset
    append(sluice, upload.path, offset, body[offset:])
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("sent", [1, 100_000, 2 * MIB + 3])
def test_patch__while_a_sender_is_silent__takes_over_at_once(sluice, sent):
    body = pattern(3 * MIB, "patch")
    upload = create_with(sluice, len(body), body[:10])
    with begin_append(sluice, upload.path, 10, len(body) - 10, body[10:10 + sent]) as older:
        arriving(sluice, upload.link, 10 + sent)
        with AtOnce():
            response = patch(sluice, upload.path, 10 + sent, body[10 + sent:20 + sent])
        assert response.status == 204
        assert is_cut(older)
    append(sluice, upload.path, 20 + sent, body[20 + sent:])
    assert sluice.get(upload.target).body == body


def test_patch__at_an_offset_that_the_silent_one_has_passed__409_and_the_offset(sluice):
    body = pattern(MIB, "passed")
    upload = create_with(sluice, len(body), body[:10])
    with begin_append(sluice, upload.path, 10, len(body) - 10, body[10:200_000]):
        arriving(sluice, upload.link, 200_000)
        with AtOnce():
            response = patch(sluice, upload.path, 10, body[10:])
        assert response.status == 409 and response.header("Upload-Offset") in (None, "200000")
    append(sluice, upload.path, 200_000, body[200_000:])
    assert sluice.get(upload.target).body == body


def test_get__while_one_is_sending__does_not_end_it(sluice):
    body = pattern(MIB, "get")
    upload = create_with(sluice, len(body), body[:10])
    with begin_append(sluice, upload.path, 10, len(body) - 10, body[10:300_000]) as sender:
        arriving(sluice, upload.link, 300_000)
        for _ in range(20):
            assert ask(sluice, upload.path, "GET").header("Upload-Length") == str(len(body))
        sender.send(body[300_000:])
        assert sender.response().status == 204
    assert sluice.get(upload.target).body == body


@pytest.mark.parametrize("verified", [True, False])
def test_patch__verified_or_not__takes_over_from_the_other(sluice, verified):
    body = pattern(MIB, "verified")
    upload = create_with(sluice, len(body), body[:10])
    claim = [checksum("sha1", body[10:])] if verified else []
    with begin_append(sluice, upload.path, 10, len(body) - 10, body[10:100_000], *claim) as older:
        arriving(sluice, upload.link, 100_000) if not verified else settled(
            lambda: sluice.info(upload.link)["state"] == "arriving")
        at = 10 if verified else 100_000
        rest = body[at:]
        with AtOnce():
            response = patch(sluice, upload.path, at, rest,
                             *([] if verified else [checksum("sha1", rest)]))
        assert response.status == 204, response
        assert is_cut(older)
    assert sluice.get(upload.target).body == body


def test_delete__while_a_sender_is_silent__ends_it_at_once(sluice):
    upload = create_with(sluice, MIB, b"x" * 10)
    with begin_append(sluice, upload.path, 10, MIB - 10, b"x" * 300_000) as sender:
        arriving(sluice, upload.link, 300_010)
        with AtOnce():
            assert delete(sluice, upload.path).status == 204
        assert is_cut(sender)
    assert is_gone(sluice, upload.path)
    assert sluice.get(upload.target).status in (404, 410)


def test_older_one__that_sends_on_after_it_was_taken_over__changes_nothing(sluice):
    body = pattern(MIB, "sends on")
    upload = create_with(sluice, len(body), body[:10])
    with begin_append(sluice, upload.path, 10, len(body) - 10, body[10:5000]) as older:
        arriving(sluice, upload.link, 5000)
        assert offset_of(sluice, upload.path) == 5000
        try:
            older.send(b"!" * 100_000)
        except OSError:
            pass
        with begin_append(sluice, upload.path, 5000, len(body) - 5000, body[5000:9000]) as newer:
            try:
                older.send(b"!" * 100_000)
            except OSError:
                pass
            newer.send(body[9000:])
            assert newer.response().status == 204
    assert sluice.get(upload.target).body == body


def test_twenty__silent_ones_one_after_the_other__each_ends_the_one_before(sluice):
    body = pattern(200_000, "chain")
    upload = create(sluice, len(body))
    older = []
    for number in range(20):
        at = number * 1000
        older.append(begin_append(sluice, upload.path, at, len(body) - at, body[at:at + 1000]))
        arriving(sluice, upload.link, at + 1000)
    for connection in older[:-1]:
        assert is_cut(connection)
        connection.close()
    older[-1].send(body[20_000:])
    assert older[-1].response().status == 204
    assert sluice.get(upload.target).body == body


class Fighter(threading.Thread):
    """A sender that believes to be the only one: asks, sends a piece in some way, or breaks off."""

    def __init__(self, server, path, body, seed):
        super().__init__(daemon=True)
        self.server, self.path, self.body = server, path, body
        self.chooser = random.Random(seed)
        self.until = time.monotonic() + 1.5 * PATIENCE
        self.appended = 0
        self.unexpected = []

    def run(self):
        while time.monotonic() < self.until:
            try:
                if not self.send_some():
                    return
            except (ConnectionEnded, OSError):
                pass
            except AssertionError as problem:
                self.unexpected.append(problem)
                return

    def send_some(self):
        with self.server.connect() as connection:
            told = connection.request("HEAD", self.path, [TUS])
            assert told.status in (200, 423, 503), told
            if told.status != 200:
                return True
            offset = int(told.header("Upload-Offset"))
            piece = self.body[offset:offset + self.chooser.choice([1, 511, 4096, 70_000, 300_001])]
            # The last bytes are left for the end, so that the fight lasts.
            if offset + len(piece) >= len(self.body):
                return False
            way = self.chooser.randrange(5)
            fields = [checksum("sha1", piece)] if way == 4 else []
            if way == 0:
                connection.send_head("PATCH", self.path, append_fields(
                    offset, ("Content-Length", len(piece) + 1)))
                connection.send(piece)
                time.sleep(self.chooser.choice([0, 0.01]))
                return True
            framing = [("Transfer-Encoding", "chunked")] if way == 1 else []
            response = connection.request("PATCH", self.path, append_fields(
                offset, *framing, *fields), chunked(piece, 5000) if framing else piece)
            assert response.status in (204, 409, 423, 503), response
            self.appended += response.status == 204
            return True


def test_twenty_connections__fight_for_one_upload__bytes_come_back_equal(sluice):
    body = pattern(8 * MIB, "fight")
    upload = create(sluice, len(body))
    fighters = [Fighter(sluice, upload.path, body, seed) for seed in range(20)]
    for fighter in fighters:
        fighter.start()
    last = 0
    while any(fighter.is_alive() for fighter in fighters):
        stored = stored_of(sluice, upload.path)
        assert stored >= last, "what was told to be stored isn't any more"
        last = stored
        time.sleep(0.01)
    unexpected = [problem for fighter in fighters for problem in fighter.unexpected]
    assert not unexpected, unexpected[:3]
    with AtOnce():
        offset = offset_of(sluice, upload.path)
    assert offset >= last
    append(sluice, upload.path, offset, body[offset:])
    assert sluice.get(upload.target).body == body
    assert sum(fighter.appended for fighter in fighters) > 0 and offset > 0


def test_two_senders__of_the_same_offset_at_the_same_time__one_piece_counts(sluice):
    body = pattern(300_000, "same")
    for _ in range(5):
        upload = create(sluice, len(body))
        statuses = []

        def send():
            try:
                statuses.append(patch(sluice, upload.path, 0, body[:200_000]).status)
            except (ConnectionEnded, OSError):
                statuses.append(None)

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses.count(204) <= 1 and set(statuses) <= {204, 409, 423, None}, statuses
        offset = offset_of(sluice, upload.path)
        append(sluice, upload.path, offset, body[offset:])
        assert sluice.get(upload.target).body == body


def test_last_bytes__while_many_ask__complete_the_upload_all_the_same(sluice):
    body = pattern(100_000, "asked")
    for number in range(15):
        upload = create_with(sluice, len(body), body[:10])
        over = threading.Event()
        unexpected = []

        def keep_asking():
            while not over.is_set():
                try:
                    response = sluice.request("HEAD", upload.path, [TUS])
                    if response.status not in (200, 423, 503):
                        unexpected.append(response)
                except (ConnectionEnded, OSError):
                    pass

        threads = [threading.Thread(target=keep_asking) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.002 * number)
        try:
            patch(sluice, upload.path, 10, body[10:])
        except (ConnectionEnded, OSError):
            pass
        time.sleep(0.02)
        over.set()
        for thread in threads:
            thread.join()
        assert not unexpected, unexpected[:3]
        offset = offset_of(sluice, upload.path)
        if offset < len(body):
            append(sluice, upload.path, offset, body[offset:])
        assert sluice.info(upload.link)["state"] == "ready"
        assert sluice.get(upload.target).body == body
        assert ask(sluice, upload.path).header("Upload-Expires") is None
