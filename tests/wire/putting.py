"""Running `sluice put`, and a server that answers what a real one rarely does."""
import http.server
import json
import os
import re
import subprocess
import threading
from collections import namedtuple

from sluice import BINARY, PATIENCE, SANITIZER

Done = namedtuple("Done", "code links err")


class Putter:
    """The command with a state folder of its own."""

    def __init__(self, folder, server):
        self.folder = folder
        self.to = server if isinstance(server, str) else server.url("")

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        return {**kept, "no_proxy": "*", "XDG_STATE_HOME": str(self.folder / "state"),
                "SLUICE_TO": self.to}

    def begin(self, *words, stdin=subprocess.DEVNULL):
        return subprocess.Popen([str(BINARY), "put", *map(str, words)], stdin=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(), cwd=self.folder)

    def end(self, process, sent=None, timeout=60):
        out, err = process.communicate(sent, timeout * PATIENCE)
        err = err.decode("utf-8", "replace")
        assert not SANITIZER.search(err), err
        return Done(process.returncode, out.decode().splitlines(), err)

    def run(self, *words, sent=None):
        stdin = subprocess.DEVNULL if sent is None else subprocess.PIPE
        return self.end(self.begin(*words, stdin=stdin), sent)

    def link_of(self, process):
        """The link as it is told on standard error, while the upload goes on."""
        line = process.stderr.readline().decode()
        match = re.search(r"(https?://\S+)\n", line)
        assert match, line
        return match[1]

    def records(self):
        """All that the command has left in its state folder."""
        return [path for path in (self.folder / "state").rglob("*") if path.is_file()]

    def file(self, name, body):
        path = self.folder / name
        path.write_bytes(body)
        return path


class Scripted(http.server.ThreadingHTTPServer):
    """Answers requests as its script says: a function from (handler, count of requests so far of
    this method) to (status, fields, body). Bodies are read first and kept."""

    daemon_threads = True

    def __init__(self, script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.requests = []
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def count(self, method):
        return sum(1 for request in self.requests if request[0] == method)

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        before = self.server.count(self.command)
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        status, fields, words = self.server.script(self, before)
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **fields}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else words.encode())

    do_POST = do_PATCH = do_HEAD = do_DELETE = answer

    def log_message(self, *_):
        pass


def created(server, **fields):
    """The usual answer to a creation."""
    return 201, {"Location": server.url("/files/one"), "Sluice-Link": server.url("/LINK/name"),
                 "Sluice-Key": "KEY", **fields}, ""


def as_json(done):
    return [json.loads(line) for line in done.links]
