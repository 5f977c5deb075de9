"""Fixtures of the black-box suite.

The suite speaks to the real program over real sockets and knows nothing of its insides but the
data folder. SLUICE_BINARY names the program (build/sluice), SLUICE_TEST_IO its way of input and
output (auto, uring, epoll), SLUICE_TEST_PATIENCE stretches every wait (sanitizers, slow machines).
"""
import shutil
import subprocess

import pytest

from sluice import IO, Server, pattern


def pytest_configure(config):
    config.addinivalue_line("markers", "workers: several workers are busy with the same at once; "
                                       "also run with ThreadSanitizer")
    config.addinivalue_line("markers", "deep: takes minutes; only run by ./test --deep")


def pytest_report_header():
    return f"sluice: io={IO}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in Server.running:
            report.sections.append((f"log of {' '.join(server.command())}", server.log()[-3000:]))


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """One server for all tests that leave it as they found it."""
    server = Server(tmp_path_factory.mktemp("shared") / "data")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.data)


@pytest.fixture
def sluice(shared_server):
    if not shared_server.is_running():
        shared_server.start()
    yield shared_server
    if not shared_server.is_running():
        log = shared_server.log()
        Server.running.remove(shared_server)
        pytest.fail(f"the server ended during this test:\n{log[-4000:]}")


@pytest.fixture
def start(tmp_path):
    """Starts private servers with flags of their own: start("--max-size", "1MiB")."""
    servers = []

    def begin(*flags, data=None, environment=None):
        server = Server(data or tmp_path / "data", flags, environment)
        servers.append(server)
        return server.start()

    yield begin
    problems = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as problem:
            problems.append(str(problem))
        shutil.rmtree(server.data, ignore_errors=True)
    assert not problems, "\n".join(problems)


@pytest.fixture
def fresh(start):
    """A private server with default flags and an empty data folder."""
    return start()


@pytest.fixture(scope="session")
def document(shared_server):
    """A file of 100,000 bytes for tests that only read; returns the upload and its bytes."""
    body = pattern(100_000, "document")
    return shared_server.put("document.bin", body, ("Content-Type", "image/png")), body


@pytest.fixture
def curl():
    """Runs curl and returns its finished process, with bytes as output."""
    def run(*arguments, stdin=None, timeout=60):
        return subprocess.run(["curl", "-sS", "--noproxy", "*", *map(str, arguments)],
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, check=False)
    return run
