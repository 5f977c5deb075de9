"""A disk that fails at the worst moment."""
import os
import shutil
import subprocess
import time

import pytest

from rawhttp import chunk
from sluice import MIB, pattern, uploaded


@pytest.fixture
def disk(tmp_path):
    """A filesystem of 160 MiB in a file; skipped where loop mounts can't be made."""
    image, mount = tmp_path / "disk.img", tmp_path / "mounted"
    mount.mkdir()
    with open(image, "wb") as file:
        file.truncate(160 * MIB)
    for command in (["mkfs.ext4", "-q", "-m", "0", image], ["mount", "-o", "loop", image, mount]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("no loop mounts here")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not there")
def test_disk__filled_by_others_while_space_is_allocated__stored_file_has_its_own_size(disk, start):
    """An allocation that fails half-way has made the file longer; it must not stay so."""
    server = start("--reserve", "1MiB", data=disk / "data")
    body = pattern(3 * MIB, "allocated")
    slow = subprocess.Popen(["strace", "-f", "-o", disk.parent / "trace", "-e", "trace=fallocate",
                             "-e", "inject=fallocate:delay_enter=1500000",
                             "-p", str(server.process.pid)], stderr=subprocess.PIPE)
    try:
        if b"attached" not in slow.stderr.readline():
            pytest.skip("strace can't attach here")
        time.sleep(0.2)
        with server.connect(timeout=30) as connection:
            connection.send_head("PUT", "/allocated.bin", [("Transfer-Encoding", "chunked")])
            connection.send(chunk(body[:2 * MIB]))
            time.sleep(0.7)
            found = os.statvfs(disk)
            with open(disk / "others", "wb") as others:
                os.posix_fallocate(others.fileno(), 0, found.f_bavail * found.f_frsize - 20 * MIB)
            time.sleep(1.5)
            connection.send(chunk(body[2 * MIB:]) + b"0\r\n\r\n")
            upload = uploaded(connection.response())
    finally:
        slow.terminate()
        slow.wait()
    assert server.get(upload.target).body == body
    assert list(server.stored().values()) == [len(body)]


def test_data_folder__removed_while_it_runs__500_and_a_good_end(start):
    server = start()
    upload = server.put("lost.bin", b"lost")
    shutil.rmtree(server.data)
    for body in (b"b", pattern(2 * MIB)):
        assert server.request("PUT", "/new.bin", [], body).status == 500
    assert server.get(upload.target).status == 500
    assert server.get("/healthz").status == 503
    server.stop()
