"""Faults of uploads that are resumed, found by attacking them, each kept from coming back."""
import random
import sqlite3
import threading
import time
from contextlib import contextmanager

import pytest

from live import TUS
from rawhttp import ConnectionEnded
from sluice import digest_of, link_parts, pattern, settled
from tus import (PARTIAL, append, append_fields, checksum, create, created, length, offset_of,
                 post)

pytestmark = pytest.mark.workers


@contextmanager
def locked_catalog(server):
    """Another program holds the catalog's file: what the server wants to write has to wait."""
    other = sqlite3.connect(server.data / "catalog.db", isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def together(count, work):
    """Runs work(number) in so many threads and raises the first exception of one of them."""
    problems = []

    def run(number):
        try:
            work(number)
        except Exception as problem:  # pylint: disable=broad-except
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_end_of_an_upload_with_a_digest__taken_over_before_its_row__is_tried_again(start):
    server = start()
    body = pattern(100_000)
    upload = create(server, len(body), ("Repr-Digest", digest_of(body)))
    with server.connect() as sender, server.connect() as asker:
        with locked_catalog(server):
            sender.send_request("PATCH", upload.path, append_fields(0), body)
            assert settled(lambda: server.info(upload.link)["stored"] == len(body))
            asker.send_head("HEAD", upload.path, [TUS])
            assert sender.is_closed()
        response = asker.response("HEAD")
    assert response.status == 200 and response.header("Upload-Offset") == str(len(body)), response
    assert server.get(upload.target).body == body


def test_head__while_the_last_bytes_are_made_durable__tells_no_older_offset(start):
    server = start("--workers", "4", "--uploads-per-address", "1000")
    body = pattern(60_000)

    def race(_):
        for _ in range(20):
            upload = create(server, len(body))
            append(server, upload.path, 0, body[:30_000])
            with server.connect() as sender:
                sender.send_request("PATCH", upload.path, append_fields(30_000), body[30_000:])
                while server.info(upload.link)["received"] < len(body):
                    pass
                assert offset_of(server, upload.path) == len(body)

    together(8, race)


def test_offset__told_after_a_checksummed_request_was_taken_over__survives_a_kill(start):
    server = start()
    body = pattern(50_000)
    upload = create(server, 2 * len(body))
    with server.connect() as sender, locked_catalog(server):
        sender.send_request("PATCH", upload.path, append_fields(0, checksum("sha1", body)), body)
        time.sleep(0.3)  # it waits for the catalog to bind its bytes to the checksum
        assert offset_of(server, upload.path) == 0
    create(server, 1)  # after what the catalog had to do for it
    append(server, upload.path, 0, body)
    server.kill()
    server.start()
    assert offset_of(server, upload.path) == len(body)


def test_early_link__deleted_while_its_bytes_come__ends_its_sender_and_never_comes_back(sluice):
    before = len(sluice.stored())
    with sluice.connect() as sender, sluice.connect() as reader:
        sender.send_head("PUT", "/early.bin", [("Sluice-Early", "?1"), ("Content-Length", 1000)])
        told = sender.read_one_head()
        sender.send(b"x" * 500)
        target, link, _ = link_parts(told.header("Sluice-Link"))
        assert settled(lambda: sluice.info(link)["received"] == 500)
        reader.send_head("GET", target)
        assert reader.read_one_head().status == 200
        key = ("Authorization", "Bearer " + told.header("Sluice-Key"))
        assert sluice.request("DELETE", target, [key]).status == 204
        assert sender.is_closed()
        with pytest.raises(ConnectionEnded):
            reader.read_exactly(1000)
    assert sluice.get(target).status == 404
    assert settled(lambda: len(sluice.stored()) <= before)


def test_early_link__deleted_just_at_its_end__is_gone_whoever_was_first(start):
    server = start("--workers", "4", "--uploads-per-address", "1000")

    def race(number):
        chance = random.Random(number)
        for _ in range(10):
            with server.connect() as sender:
                sender.send_head("PUT", "/x", [("Sluice-Early", "?1"), ("Content-Length", 5)])
                told = sender.read_one_head()
                sender.send(b"bytes")
                time.sleep(chance.random() * 0.01)
                target, _, _ = link_parts(told.header("Sluice-Link"))
                key = ("Authorization", "Bearer " + told.header("Sluice-Key"))
                assert server.request("DELETE", target, [key]).status == 204
                try:
                    assert sender.response().status == 201
                except ConnectionEnded:
                    pass
                assert server.get(target).status == 404

    before = server.names()
    together(8, race)
    assert settled(lambda: not server.names() - before)


def test_joined_upload__completed_while_it_was_created__is_gone_with_its_link(start):
    server = start("--workers", "4", "--uploads-per-address", "1000")
    body = pattern(5000)

    def race(_):
        for _ in range(15):
            part = created(post(server, length(len(body)), PARTIAL))
            sender = threading.Thread(target=append, args=(server, part.path, 0, body))
            sender.start()
            joined = created(post(server, ("Upload-Concat", f"final;{part.path}")))
            sender.join()
            assert server.get(joined.target).body == body
            key = ("Authorization", f"Bearer {joined.key}")
            assert server.request("DELETE", joined.target, [key]).status == 204
            assert server.request("HEAD", joined.path, [TUS]).status == 404

    together(6, race)


@pytest.mark.deep
def test_uploads__more_than_are_kept_in_memory__all_joined_of_parts__serves_on(start):
    """Each that was given up gave its part back, and that gave up the next, on one stack."""
    server = start("--workers", "1", "--uploads-per-address", "1000")
    parts = [None] * 17_000

    def each(number, work):
        with server.connect() as connection:
            for at in range(number, len(parts), 8):
                work(connection, at)

    def create_part(connection, at):
        fields = [TUS, length(5), PARTIAL]
        parts[at] = created(connection.request("POST", "/files/", fields)).path

    def join(connection, at):
        fields = [TUS, ("Upload-Concat", "final;" + parts[at])]
        created(connection.request("POST", "/files/", fields))

    together(8, lambda number: each(number, create_part))
    together(8, lambda number: each(number, join))
    assert server.is_healthy()
    append(server, parts[0], 0, b"bytes")
