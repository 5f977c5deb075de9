"""Which way of input and output the program takes where io_uring is there and where it is not."""
import ctypes
import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sluice import BINARY, MIB, PATIENCE, Server, free_port, pattern

CONFINE = Path(__file__).with_name("confine.py")
REFUSALS = [pytest.param(number, id=errno.errorcode[number])
            for number in (errno.EPERM, errno.ENOSYS)]


def is_uring_refused():
    ring = ctypes.CDLL(None).syscall(425, 4, ctypes.create_string_buffer(120))
    if ring >= 0:
        os.close(ring)
    return ring < 0


class Confined(Server):
    """A server that nobody runs, with io_uring answering `refusal` (0: as the system does)."""

    def __init__(self, folder, refusal, *flags):
        super().__init__(folder / "data", flags)
        self.refusal = refusal
        self.binary = folder / "sluice"

    def command(self):
        return [sys.executable, "-B", str(CONFINE), str(self.refusal), str(self.binary),
                *super().command()[1:]]

    def choice(self):
        """The one line about the choice: what was taken, and why not io_uring."""
        lines = re.findall(r'event="input and output" io=(".*?"|\S+) reason="(.*?)"', self.log())
        assert len(lines) == 1, self.log()
        return lines[0][0].strip('"').split()[0], lines[0][1]


@pytest.fixture
def confined():
    """Makes confined servers, in a folder that nobody may enter and write."""
    folder = Path(tempfile.mkdtemp(prefix="sluice-confined-"))
    servers = []
    shutil.copy(BINARY, folder / "sluice")
    folder.chmod(0o755)
    (folder / "sluice").chmod(0o755)
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)

    def make(refusal, *flags):
        servers.append(Confined(folder, refusal, *flags))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
    shutil.rmtree(folder)


def check_transfer(server):
    body = pattern(3 * MIB)
    assert server.get(server.put("choice.bin", body).target).body == body


@pytest.mark.parametrize("refusal", REFUSALS)
def test_auto__io_uring_forbidden__takes_epoll_and_says_why_in_one_line(confined, refusal):
    server = confined(refusal, "--io", "auto").start()
    taken, reason = server.choice()
    assert taken == "epoll" and "io_uring" in reason
    assert sum("io_uring" in line for line in server.log().splitlines()) == 1
    check_transfer(server)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_uring__io_uring_forbidden__refuses_to_start_with_a_clear_sentence(confined, refusal):
    server = confined(refusal, "--io", "uring")
    server.address = ("127.0.0.1", free_port())
    done = subprocess.run(server.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=10 * PATIENCE, check=False, text=True)
    sentences = [line for line in done.stdout.splitlines() if "io_uring" in line]
    assert done.returncode == 1, done.stdout
    assert len(sentences) == 1 and "--io" in sentences[0], done.stdout
    expected = "forbidden" if refusal == errno.EPERM else "kernel"
    assert expected in sentences[0]


def test_epoll__io_uring_forbidden__is_not_even_mentioned(confined):
    server = confined(errno.EPERM, "--io", "epoll").start()
    assert server.choice() == ("epoll", "")
    assert "io_uring" not in server.log()
    check_transfer(server)


@pytest.mark.skipif(is_uring_refused(), reason="io_uring is refused here")
@pytest.mark.parametrize("way", ["auto", "uring"])
def test_io_uring__allowed__is_taken_by_an_unprivileged_server_too(confined, way):
    server = confined(0, "--io", way).start()
    assert server.choice() == ("io_uring", "")
    check_transfer(server)
