"""Files whose parts are still arriving, in any order: their link follows all of them."""
import os
import threading

import pytest

from live import Reader
from parts import Joined, LivePart, put_part
from sluice import MIB, pattern, settled

pytestmark = pytest.mark.workers

SIZES = (60_000, 4096, 1, 100_000)
PIECES = [pattern(size, f"live part {at}") for at, size in enumerate(SIZES)]
BODY = b"".join(PIECES)


@pytest.fixture
def parts(sluice):
    return [LivePart(sluice, piece) for piece in PIECES]


@pytest.fixture
def joined(sluice, parts):
    return Joined(sluice, [part.path for part in parts])


def test_reader__follows_the_parts_in_their_order(sluice, parts, joined):
    reader = Reader(sluice, joined.target)
    assert reader.head().header("Content-Length") == str(len(BODY))
    assert reader.head().header("Sluice-State") == "waiting"
    parts[3].append(50_000)
    parts[1].finish()
    assert reader.is_silent()
    parts[0].append(10_000)
    assert reader.take(10_000) == BODY[:10_000] and reader.is_silent(0.1)
    parts[0].finish()
    assert reader.take(54_096) == BODY[10_000:64_096] and reader.is_silent(0.1)
    parts[2].finish()
    assert reader.take(50_001) == BODY[64_096:114_097] and reader.is_silent(0.1)
    parts[3].finish()
    assert reader.take(50_000) == BODY[114_097:] and reader.ends()
    whole = sluice.get(joined.target)
    assert whole.body == BODY and whole.header("Sluice-State") == "ready"
    assert whole.header("ETag") == reader.head().header("ETag")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_readers__whatever_part_comes_first__get_the_whole(sluice, parts, joined, order):
    readers = [Reader(sluice, joined.target)]
    for at in order:
        parts[at].append(len(parts[at].body) // 2)
        readers.append(Reader(sluice, joined.target))
        parts[at].finish()
    for reader in readers:
        assert reader.take(len(BODY)) == BODY and reader.ends()


@pytest.mark.parametrize("first, last", [(0, 9999), (60_000, 64_095), (59_990, 60_010),
                                         (64_090, 64_100), (150_000, 164_096)])
def test_range__waits_for_its_own_parts_only(sluice, parts, joined, first, last):
    reader = Reader(sluice, joined.target, ("Range", f"bytes={first}-{last}"))
    assert reader.head().header("Content-Range") == f"bytes {first}-{last}/{len(BODY)}"
    begin = 0
    for part in parts:
        end = begin + len(part.body)
        if begin <= last and first < end:
            part.finish()
        begin = end
    is_to_the_end = last + 1 == len(BODY)
    got = last - first if is_to_the_end else last + 1 - first
    assert reader.take(got) == BODY[first:first + got]
    for part in parts:
        if part.at < len(part.body):
            part.finish()
    if is_to_the_end:
        assert reader.take(1) == BODY[-1:]
    assert reader.ends()


def test_part__repeated__is_followed_each_time(sluice):
    part = LivePart(sluice, PIECES[0])
    done = put_part(sluice, PIECES[1])
    joined = Joined(sluice, [part.path, done, part.path, part.path])
    reader = Reader(sluice, joined.target)
    part.append(1000)
    assert reader.take(1000) == PIECES[0][:1000] and reader.is_silent(0.1)
    part.finish()
    body = PIECES[0] + PIECES[1] + PIECES[0] * 2
    assert reader.take(len(body) - 1000) == body[1000:] and reader.ends()
    assert sluice.get(joined.target).body == body


def test_part__of_unknown_length__makes_the_whole_unknown(sluice):
    parts = [LivePart(sluice, PIECES[0], known=False), LivePart(sluice, PIECES[3])]
    joined = Joined(sluice, [part.path for part in parts])
    assert sluice.info(joined.link)["size"] is None
    reader = Reader(sluice, joined.target)
    assert reader.head().chunked
    parts[1].finish()
    parts[0].append(100)
    assert reader.take(100) == PIECES[0][:100] and reader.is_silent(0.1)
    parts[0].finish()
    assert reader.take(159_900) == (PIECES[0] + PIECES[3])[100:] and reader.ends()


def test_json__adds_the_parts_up(sluice, parts, joined):
    parts[3].append(1000)
    parts[0].append(500)
    info = sluice.info(joined.link)
    assert (info["state"], info["size"], info["received"], info["stored"]) == (
        "waiting", len(BODY), 1500, 1500)


@pytest.mark.parametrize("what", ["part", "joined", "link"])
def test_delete__of_a_part_or_of_the_file__cuts_readers(sluice, parts, joined, what):
    reader = Reader(sluice, joined.target)
    parts[0].finish()
    assert reader.take(60_000) == PIECES[0]
    if what == "part":
        parts[1].delete()
    elif what == "joined":
        assert sluice.request("DELETE", joined.path, [("Tus-Resumable", "1.0.0")]).status == 204
    else:
        assert sluice.request("DELETE", joined.target,
                              [("Authorization", f"Bearer {joined.key}")]).status == 204
    assert reader.is_cut()
    assert settled(lambda: sluice.get(joined.target).status == 404)


def test_kill__and_the_parts_go_on(start):
    server = start()
    parts = [LivePart(server, piece) for piece in PIECES]
    joined = Joined(server, [part.path for part in parts])
    parts[1].finish()
    parts[0].append(30_000)
    reader = Reader(server, joined.target)
    assert reader.take(30_000) == PIECES[0][:30_000]
    server.kill()
    assert reader.is_cut()
    again = start(data=server.data)
    reader = Reader(again, joined.target)
    assert reader.take(30_000) == PIECES[0][:30_000] and reader.is_silent(0.1)
    for part in parts:
        part.server = again
        if part.at < len(part.body):
            part.finish()
    assert reader.take(len(BODY) - 30_000) == BODY[30_000:] and reader.ends()


def test_parts__sent_at_once_by_several__are_followed_by_several(sluice):
    pieces = [pattern(8 * MIB, f"parallel {at}") for at in range(4)]
    parts = [LivePart(sluice, piece) for piece in pieces]
    joined = Joined(sluice, [part.path for part in parts])
    body, problems = b"".join(pieces), []

    def send(part):
        while part.at < len(part.body):
            part.append(min(1 * MIB, len(part.body) - part.at))

    def read():
        try:
            if Reader(sluice, joined.target).take(len(body)) != body:
                problems.append("other bytes")
        except (OSError, AssertionError) as problem:
            problems.append(repr(problem))

    threads = [threading.Thread(target=send, args=(part,)) for part in parts]
    threads += [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems


def test_descriptors__one_a_download__however_many_parts(fresh):
    def held():
        folder = f"/proc/{fresh.process.pid}/fd"
        names = []
        for entry in os.listdir(folder):
            try:
                names.append(os.readlink(f"{folder}/{entry}"))
            except FileNotFoundError:
                pass
        return len([name for name in names if name in fresh.names()])

    paths = [put_part(fresh, pattern(100_000, at)) for at in range(20)]
    joined = Joined(fresh, paths)
    assert settled(lambda: held() == 0)
    reader = Reader(fresh, joined.target, receive_buffer=4096)
    assert reader.take(1_000_000) == b"".join(pattern(100_000, at) for at in range(10))
    assert held() <= 1
    assert reader.take(1_000_000) and reader.ends()
    assert settled(lambda: held() == 0)
