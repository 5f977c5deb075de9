"""A full disk: refused at the start when the size is known, cleaned up when it is not."""
import os
import subprocess
import time

import pytest

from rawhttp import ConnectionEnded
from sluice import KIB, MIB, pattern, settled, uploaded


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """A filesystem of 64 MiB in a file; skipped where loop mounts can't be made."""
    folder = tmp_path_factory.mktemp("disk")
    image, mount = folder / "disk.img", folder / "mounted"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(64 * MIB)
    for command in (["mkfs.ext4", "-q", "-m", "0", image], ["mount", "-o", "loop", image, mount]):
        try:
            done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip(f"{command[0]} is not there")
        if done.returncode != 0:
            pytest.skip(f"no loop mounts here: {done.stderr.decode().strip()}")
    yield mount
    if subprocess.run(["umount", mount], check=False).returncode != 0:
        subprocess.run(["umount", "-l", mount], check=True)
    image.unlink()


@pytest.fixture
def cramped(start, small_disk):
    """A server whose data folder lies on the small disk, with 2 MiB that no upload may touch."""
    return start("--reserve", "2MiB", "--body-idle", "5s", data=small_disk / "data")


def let_it_look_again():
    """The server may remember for a second how much was free when it last looked."""
    time.sleep(1.2)


def free_bytes(server):
    found = os.statvfs(server.data)
    return found.f_bavail * found.f_frsize


def fill(server):
    """Uploads files of 2 MiB until one is refused; returns the uploads."""
    uploads = []
    while True:
        response = server.request("PUT", "/filling.bin", [], pattern(2 * MIB, len(uploads)))
        if response.status == 507:
            assert len(uploads) > 10
            return uploads
        uploads.append(uploaded(response))


@pytest.mark.parametrize("method, target", [("PUT", "/big.bin"), ("POST", "/")])
def test_known_size__beyond_the_disk__507_before_the_body(cramped, method, target):
    for fields in ([], [("Expect", "100-continue")]):
        with cramped.connect() as connection:
            connection.send_head(method, target, [("Content-Length", str(200 * MIB)), *fields])
            response = connection.response()
            assert response.status == 507 and response.interim == []
            assert response.text.endswith("\n")
    assert settled(lambda: not cramped.stored())
    assert cramped.put("small.txt", b"small").response.status == 201


def test_known_size__within_the_reserve__507(cramped):
    let_it_look_again()
    size = free_bytes(cramped) - MIB
    with cramped.connect() as connection:
        connection.send_head("PUT", "/reserve.bin", [("Content-Length", str(size))])
        assert connection.response().status == 507


def test_known_sizes__that_fit_only_one_by_one__second_refused_until_the_first_is_gone(cramped):
    size = str(free_bytes(cramped) * 6 // 10)

    def offer():
        connection = cramped.connect()
        connection.send_head("PUT", "/half.bin", [("Content-Length", size),
                                                  ("Expect", "100-continue")])
        return connection, connection.read_one_head().status

    first, status = offer()
    assert status == 100
    second, status = offer()
    assert status == 507
    second.close()
    first.close()

    def accepted():
        connection, status = offer()
        connection.close()
        return status == 100

    assert settled(accepted)
    assert settled(lambda: not cramped.stored())


def test_unknown_size__beyond_the_disk__507_and_the_space_comes_back(cramped):
    before = free_bytes(cramped)
    with cramped.connect() as connection:
        connection.send_head("PUT", "/endless.bin", [("Transfer-Encoding", "chunked")])
        piece = pattern(MIB)
        for _ in range(100):
            connection.send_until_answered(b"100000\r\n" + piece + b"\r\n")
            if connection.buffer:
                break
        assert connection.response().status == 507
    assert settled(lambda: not cramped.stored())
    assert settled(lambda: free_bytes(cramped) > before - 2 * MIB)
    body = pattern(100 * KIB)
    assert cramped.get(cramped.put("after.bin", body).target).body == body


def test_many_unknown_sizes__at_once_beyond_the_disk__all_end_and_all_space_comes_back(cramped):
    before = free_bytes(cramped)
    connections = [cramped.connect() for _ in range(6)]
    for connection in connections:
        connection.send_head("PUT", "/endless.bin", [("Transfer-Encoding", "chunked")])
    piece = b"100000\r\n" + pattern(MIB) + b"\r\n"
    statuses = []
    for _ in range(40):
        for connection in list(connections):
            connection.send_until_answered(piece)
            if connection.buffer:
                try:
                    statuses.append(connection.response().status)
                except ConnectionEnded:
                    statuses.append(None)
                connection.close()
                connections.remove(connection)
    for connection in connections:
        connection.close()
    assert 507 in statuses and set(statuses) == {507}, statuses
    assert settled(lambda: not cramped.stored())
    assert settled(lambda: free_bytes(cramped) > before - 2 * MIB)
    assert cramped.get("/healthz").status == 200


def test_full_disk__reading_and_deleting__still_work_and_make_room(cramped):
    uploads = fill(cramped)
    assert cramped.request("PUT", "/more.bin", [], pattern(4 * MIB)).status == 507
    assert cramped.get(uploads[0].target).body == pattern(2 * MIB, 0)
    for upload in uploads[:4]:
        response = cramped.request("DELETE", f"/{upload.link}",
                                   [("Authorization", f"Bearer {upload.key}")])
        assert response.status == 204
    assert settled(lambda: len(cramped.stored()) == len(uploads) - 4)
    body = pattern(4 * MIB, "room again")
    assert settled(lambda: cramped.request("PUT", "/more.bin", [], body).status == 201)
    assert cramped.get(uploads[-1].target).body == pattern(2 * MIB, len(uploads) - 1)


def test_disk_filled_by_others__uploads_507_and_recover_when_there_is_room(cramped):
    kept = cramped.put("kept.bin", pattern(MIB))
    stranger = cramped.data.parent / "stranger.bin"
    with open(stranger, "wb", buffering=0) as file:
        for size in (MIB, 4 * KIB):
            try:
                while True:
                    file.write(b"s" * size)
            except OSError:
                pass
    try:
        let_it_look_again()
        for body in (b"x", pattern(100_000), pattern(3 * MIB)):
            assert cramped.request("PUT", "/none.bin", [], body).status == 507
        assert cramped.get(kept.target).body == pattern(MIB)
        assert cramped.get("/metrics").status == 200
    finally:
        stranger.unlink()
    assert settled(lambda: cramped.request("PUT", "/again.bin", [], b"again").status == 201)
    assert cramped.get(kept.target).body == pattern(MIB)
