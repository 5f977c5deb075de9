"""Uploads that can be watched: created by tus, sent as slowly as a test wants."""
import base64
import json
import threading
import time
from urllib.parse import urlsplit

from rawhttp import ConnectionEnded, ProtocolError
from sluice import link_parts

LAST_STATES = ("ready", "failed", "deleted")


class Sending:
    """An upload of `body` whose link is known before its first byte."""

    def __init__(self, server, body, name="watched.bin", size=None):
        self.server, self.body, self.sent, self.thread = server, body, 0, None
        encoded = base64.b64encode(name.encode()).decode()
        length = ("Upload-Defer-Length", "1") if size == "later" else ("Upload-Length",
                                                                       str(size or len(body)))
        response = server.request("POST", "/files/", [
            ("Tus-Resumable", "1.0.0"), length, ("Upload-Metadata", f"filename {encoded}"),
            ("Content-Length", "0")])
        assert response.status == 201, response
        self.target = urlsplit(response.header("Location")).path
        self.link = link_parts(response.header("Sluice-Link"))[1]
        self.key = response.header("Sluice-Key")
        self.progress = f"/api/files/{self.link}/progress"

    def open(self, stop=None, *fields):
        """Begins a PATCH from where it stands; the bytes are sent by the caller."""
        stop = len(self.body) if stop is None else stop
        connection = self.server.connect()
        connection.send_head("PATCH", self.target, [
            ("Tus-Resumable", "1.0.0"), ("Upload-Offset", str(self.sent)), *fields,
            ("Content-Type", "application/offset+octet-stream"),
            ("Content-Length", str(stop - self.sent))])
        return connection

    def send(self, stop=None, seconds=0.0, step=0.02):
        """Sends up to a place, taking this long, and waits for the answer."""
        stop = len(self.body) if stop is None else stop
        first, began = self.sent, time.monotonic()
        with self.open(stop) as connection:
            while self.sent < stop:
                passed = time.monotonic() - began
                share = 1 if seconds == 0 else min(1, (passed + step) / seconds)
                until = max(self.sent, first + int((stop - first) * share))
                connection.send(memoryview(self.body)[self.sent:until])
                self.sent = until
                if self.sent < stop:
                    time.sleep(step)
            response = connection.response()
            assert response.status == 204, response

    def send_in_background(self, **how):
        self.thread = threading.Thread(target=self.send, kwargs=how)
        self.thread.start()
        return self

    def remove(self):
        response = self.server.request("DELETE", self.target, [("Tus-Resumable", "1.0.0")])
        assert response.status == 204, response


class Stream:
    """An answer in pieces, read message by message as it comes."""

    def __init__(self, server, target, *fields, version="HTTP/1.1", **options):
        self.connection = server.connect(**options)
        self.connection.send_head("GET", target, fields, version=version)
        self.response = self.connection.read_head()
        assert self.response.status == 200, self.response
        self.is_chunked = self.response.header("Transfer-Encoding") == "chunked"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def chunk(self):
        """The next chunk; b"" is the end, told as such."""
        size = int(self.connection._line("a chunk size"), 16)
        data = self.connection.read_exactly(size)
        assert self.connection.read_exactly(2) == b"\r\n"
        return data

    def line(self):
        """The next message of the form of one a line; None at the end."""
        data = self.chunk()
        if not data:
            return None
        if data.count(b"\n") != 1 or not data.endswith(b"\n"):
            raise ProtocolError(f"{data!r} is not one line")
        return json.loads(data)

    def lines(self):
        return list(iter(self.line, None))

    def was_cut(self):
        """Whether the connection ends without the end of the answer."""
        try:
            while self.chunk():
                pass
            return False
        except (ConnectionEnded, ConnectionResetError):
            return True


def check_story(messages, size, last="ready"):
    """What is told of an upload has to fit together from message to message."""
    assert messages[-1]["state"] == last, messages[-1]
    for message in messages:
        assert message["link"] == messages[0]["link"]
        assert message["size"] in (size, None), message
        assert 0 <= message["stored"] <= message["received"] <= size, message
        assert (message["state"] in LAST_STATES) == (message is messages[-1]), messages
    for earlier, later in zip(messages, messages[1:]):
        assert earlier["received"] <= later["received"], (earlier, later)
        assert earlier["stored"] <= later["stored"], (earlier, later)
    if last == "ready":
        assert messages[-1]["received"] == messages[-1]["stored"] == messages[-1]["size"] == size
