"""What workers share: a change made through one of them holds for all of them at once, limits are
counted exactly, and nothing is lost between them.

Connections are spread over the workers by the kernel, so a crowd of them reaches every worker.
"""
import itertools
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from forms import TYPE, form, links, part
from rawhttp import ConnectionEnded
from sluice import digest_of, link_parts, pattern, run_tool, settled, uploaded

pytestmark = pytest.mark.workers

WORKERS = 4
CROWD = 24


@pytest.fixture
def many(start):
    """A server with more workers than most machines have cores."""
    return start("--workers", WORKERS)


@contextmanager
def crowd(server, count=CROWD):
    with ExitStack() as stack:
        yield [stack.enter_context(server.connect(timeout=60)) for _ in range(count)]


def at_once(work, items):
    """Runs work(item) for each in a thread of its own, begun together; returns the results."""
    items = list(items)
    gate = threading.Barrier(len(items))

    def begin(item):
        gate.wait()
        return work(item)

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(begin, items))


def bearer(upload):
    return ("Authorization", f"Bearer {upload.key}")


def patch(connection, upload, **change):
    response = connection.request("PATCH", f"/api/files/{upload.link}",
                                  [bearer(upload), ("Content-Type", "application/json")],
                                  json.dumps(change).encode())
    assert response.status == 200, response


def get(connection, upload):
    return connection.request("GET", upload.target)


def name_of(response):
    return re.search(r'filename="([^"]*)"', response.header("Content-Disposition"))[1]


# ---- Links that every worker has at hand ----

def test_delete__of_a_link_at_hand_everywhere__gone_everywhere_at_once(many):
    with crowd(many) as connections:
        for number in range(5):
            body = pattern(20_000, number)
            upload = many.put("shared.bin", body)
            assert all(get(connection, upload).body == body for connection in connections)
            deleter = connections[number]
            response = deleter.request("DELETE", f"/{upload.link}", [bearer(upload)])
            assert response.status == 204
            assert {get(connection, upload).status for connection in connections} <= {404, 410}
    assert settled(lambda: not many.stored())


def test_patch__of_a_link_at_hand_everywhere__holds_everywhere_at_once(many):
    upload = many.put("0.bin", pattern(20_000))
    with crowd(many) as connections:
        for number, connection in enumerate(connections):
            assert {name_of(get(other, upload)) for other in connections} == {f"{number}.bin"}
            patch(connection, upload, name=f"{number + 1}.bin")


def test_patch__while_others_read__nobody_sees_the_old_name_after_the_answer(many):
    upload = many.put("0.bin", pattern(3000))
    answered, ending = [0], threading.Event()

    def read():
        count = 0
        with many.connect() as connection:
            while not ending.is_set():
                least = answered[0]
                assert int(name_of(get(connection, upload)).removesuffix(".bin")) >= least
                count += 1
        return count

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(read) for _ in range(8)]
        with many.connect() as connection:
            for number in range(1, 80):
                patch(connection, upload, name=f"{number}.bin")
                answered[0] = number
        ending.set()
        assert all(reader.result() > 0 for reader in readers)


def test_max_downloads__set_on_a_link_at_hand_everywhere__holds_at_once(many):
    body = pattern(50_000)
    upload = many.put("limited.bin", body)
    with crowd(many) as connections:
        for connection in connections:
            get(connection, upload)
        assert settled(lambda: many.info(upload.link)["downloads"] == CROWD)
        patch(connections[0], upload, max_downloads=CROWD + 2)
        statuses = [get(connection, upload).status for connection in connections]
        assert statuses.count(200) == 2 and set(statuses) <= {200, 410, 503}, statuses


# ---- What is counted ----

@pytest.mark.parametrize("size", [0, 3000, 900_000])
def test_max_downloads__asked_by_many_at_once__delivered_exactly_so_often(many, size):
    body = pattern(size, "few")
    upload = many.put("few.bin", body, ("Max-Downloads", "5"))

    def download(_):
        with many.connect(timeout=60) as connection:
            while True:
                response = get(connection, upload)
                if response.status != 503:  # all uses are taken, for the moment
                    return response.status, response.body == body
                time.sleep(0.01)

    found = at_once(download, range(CROWD))
    assert found.count((200, True)) == 5, found
    assert {status for status, _ in found} == {200, 410}
    assert settled(lambda: not many.stored(), within=15)


def test_connections_of_one_address__opened_by_many_at_once__never_more_than_allowed(start):
    server = start("--workers", WORKERS, "--connections-per-address", "7")

    def ask(_):
        connection = server.connect(timeout=60, source="127.0.0.9")
        try:
            return connection, connection.request("GET", "/healthz").status
        except (OSError, ConnectionEnded):
            return connection, None

    for _ in range(4):
        found = at_once(ask, range(CROWD))
        assert [status for _, status in found].count(200) <= 7
        for connection, _ in found:
            connection.close()
        assert settled(lambda: sum(status == 200 for status in ask_in_turn(server)) == 7)


def ask_in_turn(server):
    """The answers to eight connections of one address that are open together."""
    with ExitStack() as stack:
        statuses = []
        for _ in range(8):
            connection = stack.enter_context(server.connect(source="127.0.0.9"))
            try:
                statuses.append(connection.request("GET", "/healthz").status)
            except (OSError, ConnectionEnded):
                statuses.append(None)
        return statuses


def test_uploads_of_one_address__begun_by_many_at_once__exactly_as_many_as_allowed(start):
    server = start("--workers", WORKERS, "--uploads-per-address", "5")
    with crowd(server) as connections:
        def begin(connection):
            connection.send_head("PUT", "/u.bin", [("Content-Length", "5"),
                                                   ("Expect", "100-continue")])
            return connection, connection.read_one_head().status

        found = at_once(begin, connections)
        admitted = [connection for connection, status in found if status == 100]
        assert len(admitted) == 5
        assert {status for _, status in found} <= {100, 429, 503}
        for connection in admitted:
            connection.send(b"bytes")
            assert connection.response().status == 201
    assert settled(lambda: server.request("PUT", "/again.bin", [], b"x").status == 201)


# ---- Everything at once ----

def live(server, number, ending):
    """One client that does all there is to do; returns the links it leaves behind."""
    kept = {}
    with server.connect(timeout=60) as connection:
        for turn in itertools.count():
            if ending(turn):
                return kept
            body = pattern(1 + (number * 7919 + turn * 104_729) % 90_000, f"{number}-{turn}")
            if turn % 3 == 0:
                answer = connection.request("POST", "/", [TYPE], form(part(body, filename=b"f")))
                target, link, _ = link_parts(links(answer)[0])
                assert connection.request("GET", f"/api/files/{link}").status == 200
                kept[target] = body
                continue
            upload = uploaded(connection.request("PUT", "/live.bin",
                                                 [("Sluice-Expires", "1h")], body))
            patch(connection, upload, name=f"{turn}.bin", max_downloads=9)
            assert get(connection, upload).body == body
            if turn % 3 == 1:
                kept[upload.target] = body
                continue
            response = connection.request("DELETE", f"/{upload.link}", [bearer(upload)])
            assert response.status == 204
            assert get(connection, upload).status in (404, 410)


def assert_sound(server):
    server.stop()
    code, output = run_tool("check", "--data", server.data)
    assert code == 0, output


def test_catalog__under_load_of_all_kinds__stays_sound(many):
    ending = threading.Event()

    def watch():
        while not ending.is_set():
            assert many.get("/healthz").status == 200
            assert "sluice_" in many.metrics()

    with ThreadPoolExecutor(1) as pool:
        watcher = pool.submit(watch)
        found = at_once(lambda number: live(many, number, lambda turn: turn == 12), range(16))
        ending.set()
        watcher.result()
    with many.connect(timeout=60) as connection:
        for kept in found:
            for target, body in kept.items():
                assert connection.request("GET", target).body == body
    assert settled(lambda: len(many.stored()) == sum(len(kept) for kept in found))
    assert_sound(many)


def test_stop__under_load__loses_nothing_that_was_answered(start):
    server = start("--workers", WORKERS)
    began = time.monotonic()

    def upload_until_closed(number):
        kept = {}
        try:
            with server.connect(timeout=60) as connection:
                for turn in itertools.count():
                    body = pattern(10_000 + 999 * number, turn)
                    kept[uploaded(connection.request("PUT", "/s.bin", [], body)).target] = body
        except (OSError, ConnectionEnded):
            return kept

    with ThreadPoolExecutor(17) as pool:
        running = [pool.submit(upload_until_closed, number) for number in range(16)]
        while time.monotonic() < began + 0.7:
            time.sleep(0.01)
        server.stop()
        found = [future.result() for future in running]
    again = start(data=server.data)
    with again.connect(timeout=60) as connection:
        for kept in found:
            for target, body in kept.items():
                assert connection.request("GET", target).body == body
    assert settled(lambda: "sweep ended" in again.log())
    assert_sound(again)


def test_digest__wanted_by_many_at_once__comes_to_all_of_them(many):
    body = pattern(9_000_000, "digest")  # more than is hashed while the client waits
    upload = many.put("digest.bin", body)

    def ask(connection):
        connection.send_request("HEAD", upload.target, [("Want-Repr-Digest", "sha-256=9")])
        return connection.response("HEAD").header("Repr-Digest")

    with crowd(many) as connections:
        assert settled(lambda: set(at_once(ask, connections)) == {digest_of(body)}, within=20)


def test_expiry__while_many_read__whole_or_gone_and_the_bytes_leave(many):
    body = pattern(300_000, "short-lived")
    targets = [many.put("short.bin", body, ("Sluice-Expires", "2s")) for _ in range(8)]

    def read(number):
        statuses = set()
        with many.connect(timeout=60) as connection:
            for turn in itertools.count(number):
                response = get(connection, targets[turn % len(targets)])
                assert response.status in (200, 410)
                assert response.status == 410 or response.body == body
                statuses.add(response.status)
                if response.status == 410:
                    return statuses

    assert set.union(*at_once(read, range(8))) == {200, 410}
    assert settled(lambda: not many.stored(), within=15)
