"""Max-Downloads against many at once: never more deliveries than allowed."""
import threading
import time
from collections import Counter

import pytest

from sluice import MIB, pattern

BODY = pattern(8 * MIB, "at once")


def all_at_once(jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("fields", [[], [("Range", "bytes=0-")]], ids=["whole", "open range"])
@pytest.mark.parametrize("uses", [1, 2, 4])
def test_uses__asked_for_by_many_from_one_address__as_many_as_allowed(sluice, uses, fields):
    upload = sluice.put("counted.bin", BODY, ("Max-Downloads", str(uses)))
    barrier = threading.Barrier(12)
    everybody_began = threading.Barrier(12)
    answers = []

    def download():
        with sluice.connect(receive_buffer=8192) as connection:
            barrier.wait()
            connection.send_request("GET", upload.target, fields)
            status = connection.read_head().status
            everybody_began.wait(20)
            if status in (200, 206):
                assert connection.read_exactly(len(BODY)) == BODY
            answers.append(status)

    all_at_once([download] * 12)
    statuses = Counter(answers)
    assert statuses[200] + statuses[206] == uses and statuses[503] == 12 - uses, statuses


def test_uses__looked_up_before_the_last_one_ended__are_looked_up_again(start):
    """While the digest is computed for one reader, another takes the only use."""
    server = start("--workers", "2")
    for _ in range(4):
        upload = server.put("digest.bin", BODY, ("Max-Downloads", "1"))
        answers = []

        def download(delay, *fields):
            time.sleep(delay)
            answers.append(server.get(upload.target, *fields).status)

        wanted = ("Want-Repr-Digest", "sha-256=1")
        all_at_once([lambda: download(0)] +
                    [lambda i=i: download(0.002 * i, wanted) for i in range(6)])
        assert answers.count(200) == 1 and set(answers) <= {200, 410, 503}, answers


def test_link__deleted_while_many_ask__found_or_not_but_no_failure(start):
    server = start("--workers", "2")
    answers = []
    for i in range(30):
        upload = server.put("deleted.bin", b"bytes" * 4000)

        def ask():
            answers.append(server.get(upload.target).status)

        def delete():
            response = server.request("DELETE", f"/{upload.link}",
                                      [("Authorization", f"Bearer {upload.key}")])
            assert response.status == 204

        jobs = [ask, ask, ask]
        jobs.insert(i % 4, delete)
        all_at_once(jobs)
    assert set(answers) <= {200, 404}, Counter(answers)
