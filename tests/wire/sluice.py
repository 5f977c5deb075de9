"""The program under test: starting it, asking it, looking into its data folder, ending it."""
import base64
import calendar
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from collections import namedtuple
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rawhttp import Connection, ConnectionEnded, chunked

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SLUICE_BINARY", ROOT / "build" / "sluice")).resolve()
IO = os.environ.get("SLUICE_TEST_IO", "auto")
# Sanitizers and slow machines need more time for the same thing.
PATIENCE = float(os.environ.get("SLUICE_TEST_PATIENCE", "1"))
KIB = 1024
MIB = 1024 * 1024

LINK_PATH = re.compile(r"/([A-Za-z0-9_-]{22})/([^/?#]+)\Z")
SANITIZER = re.compile(
    r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:|Assertion .* failed")

Upload = namedtuple("Upload", "url target link name key response")


def pattern(size, seed=0):
    """`size` bytes that compress badly, differ everywhere and are the same for the same seed."""
    return random.Random(f"{size}:{seed}").randbytes(size)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def epoch(text):
    """Seconds since 1970 of an RFC 3339 time in UTC."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)", text)
    assert match, f"{text!r} is no RFC 3339 time in UTC"
    return calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def settled(condition, within=8.0, every=0.05):
    """Waits until `condition()` is true and returns its value, or its last value in the end."""
    end = time.monotonic() + within * PATIENCE
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def digest_of(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def free_port():
    """A port nobody listens on, below the range from which clients get theirs."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def link_parts(url):
    """The target, the link and the decoded name in the address of an upload."""
    target = urlsplit(url).path
    match = LINK_PATH.search(target)
    assert match, f"{url!r} does not end in a link of 22 characters and a name"
    return target, match[1], unquote(match[2], errors="strict")


def uploaded(response):
    """Checks the answer to an upload of one file and takes it apart."""
    assert response.status == 201, response
    url = response.header("Location")
    assert url, response
    target, link, name = link_parts(url)
    return Upload(url, target, link, name, response.header("Sluice-Key"), response)


def run_tool(*arguments, timeout=30):
    """Runs the binary to its end; returns its exit code and all it wrote."""
    done = subprocess.run([str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout * PATIENCE, check=False)
    output = done.stdout.decode("utf-8", "replace")
    assert not SANITIZER.search(output), output
    return done.returncode, output


class Server:
    running = []

    def __init__(self, data, flags=(), environment=None):
        self.data = Path(data)
        self.flags = [str(flag) for flag in flags]
        self.environment = environment or {}
        self.process = None
        self.address = None
        self.log_path = self.data.with_name(self.data.name + ".log")
        self.log_from = 0

    def command(self):
        defaults = {"--data": str(self.data), "--io": IO, "--grace": "5s", "--reserve": "64MiB",
                    "--listen": "%s:%d" % self.address}
        chosen = [part for name, value in defaults.items()
                  if name == "--listen" or name not in self.flags for part in (name, value)]
        return [str(BINARY), "serve", *chosen, *self.flags]

    def start(self):
        assert BINARY.exists(), f"{BINARY} is not there: build it, or set SLUICE_BINARY"
        self.address = ("127.0.0.1", free_port())
        self.log_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.environment})
        Server.running.append(self)
        end = time.monotonic() + 15 * PATIENCE
        while not self.is_healthy():
            assert self.process.poll() is None, f"ended at start:\n{self.log()}"
            assert time.monotonic() < end, f"not healthy in time:\n{self.log()}"
            time.sleep(0.01)
        return self

    def is_healthy(self):
        try:
            return self.request("GET", "/healthz").status == 200
        except (OSError, ConnectionEnded):
            return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        """What this run wrote to its standard error."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode("utf-8", "replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def stop(self, within=15.0, with_signal=signal.SIGTERM):
        """Ends the server as an administrator would and checks that it went in good order."""
        if self not in Server.running:
            return
        self.process.send_signal(with_signal)
        self.await_end(within)

    def await_end(self, within=15.0):
        try:
            self.process.wait(within * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {within} s after its signal:\n"
                                 f"{self.log()[-4000:]}") from None
        finally:
            self._forget()
        self.assert_no_sanitizer_report()
        assert self.process.returncode == 0, \
            f"exit code {self.process.returncode}:\n{self.log()[-4000:]}"

    def assert_no_sanitizer_report(self):
        log = self.log()
        found = SANITIZER.search(log)
        assert not found, log[max(0, found.start() - 200):found.start() + 6000]

    def _forget(self):
        if self in Server.running:
            Server.running.remove(self)

    def connect(self, **options):
        return Connection(self.address, **options)

    def request(self, method, target, fields=(), body=None):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, fields, body)

    def get(self, target, *fields):
        return self.request("GET", target, fields)

    def put(self, name, body=b"", *fields):
        return uploaded(self.request("PUT", "/" + name, fields, body))

    def put_chunked(self, name, body, *fields, size=7000):
        fields = [("Transfer-Encoding", "chunked"), *fields]
        return uploaded(self.request("PUT", "/" + name, fields, chunked(body, size)))

    def info(self, link):
        """What the interface for programs tells about a link."""
        response = self.get(f"/api/files/{link}", ("Accept", "application/json"))
        assert response.status == 200, response
        assert response.header("Content-Type").startswith("application/json"), response
        return json.loads(response.text)

    def metrics(self):
        response = self.get("/metrics")
        assert response.status == 200, response
        return response.text

    def url(self, path="/"):
        return "http://%s:%d%s" % (*self.address, path)

    def stored(self):
        """Every file in a folder of the data folder, with its size: what holds users' bytes."""
        files = {}
        for path in self.names():
            try:
                files[Path(path)] = os.stat(path).st_size
            except FileNotFoundError:
                pass
        return files

    def names(self):
        """The paths of the same files as a set of strings, made quickly."""
        found, folders = set(), [entry.path for entry in os.scandir(self.data) if entry.is_dir()]
        while folders:
            for entry in os.scandir(folders.pop()):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    found.add(entry.path)
        return found
