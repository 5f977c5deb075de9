"""Signals at awkward moments."""
import signal
import subprocess
import time

from sluice import IO, run_tool


def test_sigterm__at_once_when_it_listens__ends_in_good_order(start):
    """Workers that have not had their first turn are told to drain all the same."""
    server = start("--workers", "8")
    server.stop()
    log = server.log_path
    for i in range(40):
        with open(log, "wb") as out:
            process = subprocess.Popen([*server.command()], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out)
        end = time.monotonic() + 20
        while b"event=listening" not in log.read_bytes() and time.monotonic() < end:
            time.sleep(0.0005)
        time.sleep(i * 0.0001)
        process.send_signal(signal.SIGTERM)
        # Before the signal is expected it ends a process as it always does.
        assert process.wait(20) in (0, -signal.SIGTERM), log.read_text()
    assert run_tool("check", "--data", server.data, "--io", IO)[0] == 0
