"""An upload that a test sends piece by piece, and a reader that follows it."""
import base64
import re

from rawhttp import CHUNK_LINE, ConnectionEnded
from sluice import PATIENCE, link_parts

TUS = ("Tus-Resumable", "1.0.0")
CHUNK = ("Content-Type", "application/offset+octet-stream")


def metadata(name, media_type=None):
    words = ["filename " + base64.b64encode(name.encode()).decode()]
    if media_type is not None:
        words.append("filetype " + base64.b64encode(media_type.encode()).decode())
    return ("Upload-Metadata", ",".join(words))


def path_of(response):
    return re.fullmatch(r"(?:https?://[^/]+)?(/files/[A-Za-z0-9_-]{22})",
                        response.header("Location"))[1]


class Live:
    """A tus upload of `body`; of unknown size until finish() when `known` is False."""

    def __init__(self, server, body, *fields, known=True, name="live.bin", media_type=None):
        self.server = server
        self.body = body
        self.known = known
        length = ("Upload-Length", len(body)) if known else ("Upload-Defer-Length", "1")
        response = server.request("POST", "/files/",
                                  [TUS, length, metadata(name, media_type), *fields])
        assert response.status == 201, response
        self.path = path_of(response)
        self.target, self.link, self.name = link_parts(response.header("Sluice-Link"))
        self.key = response.header("Sluice-Key")
        self.at = 0

    def _head(self, count, *fields):
        return [TUS, CHUNK, ("Upload-Offset", self.at), ("Content-Length", count), *fields]

    def append(self, count, *fields):
        """Sends so many more bytes in one request, to its end."""
        response = self.server.request("PATCH", self.path, self._head(count, *fields),
                                       self.body[self.at:self.at + count])
        assert response.status == 204, response
        self.at += count
        assert response.header("Upload-Offset") == str(self.at), response

    def finish(self):
        fields = [] if self.known else [("Upload-Length", len(self.body))]
        self.append(len(self.body) - self.at, *fields)

    def connect(self):
        """A connection on which a request for the rest has begun; bytes follow by send()."""
        connection = self.server.connect()
        connection.send_head("PATCH", self.path, self._head(len(self.body) - self.at))
        return connection

    def send(self, connection, count):
        connection.send(self.body[self.at:self.at + count])
        self.at += count

    def settle(self):
        """Goes on from where the server says that the upload stands."""
        response = self.server.request("HEAD", self.path, [TUS])
        assert response.status == 200, response
        self.at = int(response.header("Upload-Offset"))

    def delete(self):
        response = self.server.request("DELETE", self.path, [TUS])
        assert response.status == 204, response

    def follow(self, *fields, **options):
        return Reader(self.server, self.target, *fields, **options)


class Reader:
    """A download whose body is taken as it comes."""

    def __init__(self, server, target, *fields, version="HTTP/1.1", **options):
        self.connection = server.connect(**options)
        self.connection.send_request("GET", target, fields, version=version)
        self.response = None
        self.left = 0  # of the chunk under way
        self.at = 0
        self.taken = 0

    def head(self):
        if self.response is None:
            self.response = self.connection.read_head()
            coding = self.response.header("Transfer-Encoding")
            self.response.chunked = coding == "chunked"
        return self.response

    def take(self, count):
        """The next `count` bytes of the body."""
        if not self.head().chunked:
            self.taken += count
            return self.connection.read_exactly(count)
        data = b""
        while len(data) < count:
            if self.left == 0:
                self._next_chunk()
                assert self.left > 0, f"ended after {len(data)} of {count} bytes"
            piece = self.connection.read_exactly(min(self.left, count - len(data)))
            data += piece
            self.left -= len(piece)
            if self.left == 0:
                assert self.connection.read_exactly(2) == b"\r\n"
        self.taken += count
        return data

    def _next_chunk(self):
        self.left = int(CHUNK_LINE.match(self.connection._line("a chunk size"))[1], 16)

    def is_silent(self, during=0.3):
        return self.connection.is_silent(during)

    def ends(self):
        """Whether the body is over in good order."""
        if self.head().chunked:
            self._next_chunk()
            return self.left == 0 and self.connection.read_exactly(2) == b"\r\n"
        return self.taken == int(self.head().header("Content-Length"))

    def is_cut(self, within=10.0):
        """Whether the connection ends before the body does, perhaps after some more of it."""
        self.connection.sock.settimeout(within * PATIENCE)
        try:
            if not self.head().chunked:
                self.connection.read_exactly(int(self.head().header("Content-Length")) - self.taken)
                return False
            while True:
                if self.left == 0:
                    self._next_chunk()
                if self.left == 0:
                    return False
                self.take(self.left)
        except ConnectionEnded:
            return True

    def close(self):
        self.connection.close()
