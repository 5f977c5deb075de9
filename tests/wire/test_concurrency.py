"""Many at once: everybody gets their own bytes, and nobody waits for somebody else."""
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from forms import TYPE, form, part
from sluice import MIB, PATIENCE, link_parts, pattern, settled, uploaded

pytestmark = pytest.mark.workers


def run_all(work, items, threads):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def test_many_uploads_and_downloads__at_once__all_equal(sluice):
    sizes = [random.Random(n).choice([0, 10, 4096, 70_000, 524_289, 1_500_000])
             for n in range(160)]

    def there_and_back(number):
        body = pattern(sizes[number], number)
        with sluice.connect(timeout=60) as connection:
            if number % 3 == 0:
                upload = sluice.put_chunked(f"{number}.bin", body)
            else:
                upload = uploaded(connection.request("PUT", f"/{number}.bin", [], body))
            response = connection.request("GET", upload.target)
            half = connection.request("GET", upload.target, [("Range", "bytes=5-")])
        return response.body == body and (len(body) <= 5 or half.body == body[5:])

    assert all(run_all(there_and_back, range(160), 32))


def test_many_forms__at_once__files_are_never_mixed_up(sluice):
    def post(number):
        files = [pattern(2000 * n + number, f"{number}-{n}") for n in range(8)]
        body = form(*[part(data, filename=b"%d" % n) for n, data in enumerate(files)])
        with sluice.connect(timeout=60) as connection:
            urls = connection.request("POST", "/", [TYPE], body).text.splitlines()
            return [connection.request("GET", link_parts(url)[0]).body for url in urls] == files

    assert all(run_all(post, range(40), 16))


def test_one_file__read_by_many_at_once__all_get_it(sluice):
    body = pattern(6 * MIB, "popular")
    upload = sluice.put("popular.bin", body)
    assert all(run_all(lambda _: sluice.get(upload.target).body == body, range(24), 12))


def test_many_open_uploads__sent_in_turns__all_equal(sluice):
    bodies = [pattern(40_000, f"turns {n}") for n in range(200)]
    connections = [sluice.connect(timeout=60) for _ in bodies]
    for connection, body in zip(connections, bodies):
        connection.send_head("PUT", "/turn.bin", [("Content-Length", str(len(body)))])
    for at in range(0, 40_000, 8000):
        for connection, body in zip(connections, bodies):
            connection.send(body[at:at + 8000])
    for connection, body in zip(connections, bodies):
        upload = uploaded(connection.response())
        assert connection.request("GET", upload.target).body == body
        connection.close()


def test_small_requests__beside_large_transfers__are_answered_soon(fresh):
    body = pattern(48 * MIB, "giant")
    small = fresh.put("small.txt", b"small")
    ending = threading.Event()

    def transfer():
        while not ending.is_set():
            assert fresh.get(fresh.put("giant.bin", body).target).body == body

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(transfer) for _ in range(2)]
        waits = []
        end = time.monotonic() + 3
        while time.monotonic() < end:
            began = time.monotonic()
            assert fresh.get(small.target).body == b"small"
            waits.append(time.monotonic() - began)
            time.sleep(0.01)
        ending.set()
        for future in running:
            future.result()
    waits.sort()
    assert waits[len(waits) // 2] < 0.1 * PATIENCE
    assert waits[-1] < 2.0 * PATIENCE


def test_more_transfers_than_chunks__all_come_to_their_end(start):
    server = start("--memory", "4MiB")
    body = pattern(3 * MIB, "few chunks")
    assert all(run_all(lambda _: server.get(server.put("c.bin", body).target).body == body,
                       range(40), 20))


def test_stalled_uploads__more_than_chunks__never_stop_the_others(start):
    server = start("--memory", "4MiB")
    body = pattern(2 * MIB, "beside the stalled")
    stalled = [server.connect() for _ in range(60)]
    for connection in stalled:
        connection.send_head("PUT", "/stalled.bin", [("Content-Length", str(64 * MIB))])
        connection.send(body[:700_000])
    upload = server.put("others.bin", body)
    assert server.get(upload.target).body == body
    for connection in stalled:
        connection.close()


def test_stalled_readers__more_than_chunks__never_stop_the_others(start):
    server = start("--memory", "4MiB")
    body = pattern(16 * MIB, "stalled readers")
    upload = server.put("slow.bin", body)
    stalled = [server.connect(receive_buffer=4096) for _ in range(40)]
    for connection in stalled:
        connection.send_request("GET", upload.target)
        connection.read_head()
    assert server.get(upload.target).body == body
    for connection in stalled:
        connection.close()


def test_connections__opened_and_dropped_by_the_hundred__leave_nothing_open(fresh):
    def descriptors():
        return len(os.listdir(f"/proc/{fresh.process.pid}/fd"))

    fresh.get("/healthz")
    time.sleep(0.2)
    before = descriptors()
    for number in range(300):
        connection = fresh.connect()
        if number % 3:
            connection.send(b"GET /heal"[:number % 9])
        if number % 2:
            connection.reset()
        else:
            connection.close()
    assert settled(lambda: descriptors() <= before + 2), (descriptors(), before)


def test_deletes_and_reads__racing__answer_whole_or_not_at_all(fresh):
    body = pattern(600_000, "race")

    def race(number):
        upload = fresh.put("race.bin", body)
        key = [("Authorization", f"Bearer {upload.key}")]
        with ThreadPoolExecutor(2) as pool:
            read = pool.submit(fresh.get, upload.target)
            if number % 2:
                time.sleep(0.001)
            deleted = pool.submit(fresh.request, "DELETE", f"/{upload.link}", key)
            response = read.result()
            if response.status == 200:
                assert response.body == body
            return deleted.result().status, response.status

    found = set(run_all(race, range(40), 4))
    assert found <= {(204, 200), (204, 404), (204, 410)}
    assert settled(lambda: not fresh.stored())
