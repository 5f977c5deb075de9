"""A small HTTP/1.1 client on a plain socket.

It sends exactly the bytes a test gives it and reads answers strictly, so that a test can speak
well-formed and ill-formed HTTP alike. Whatever an answer does against RFC 9112 is a failure.
"""
import re
import select
import socket
import struct
import time

STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)\Z")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*?)[ \t]*\Z")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(;[^\r\n]*)?\Z")
HEAD_BYTES_MAX = 64 * 1024


class ProtocolError(AssertionError):
    """The server's answer breaks HTTP."""


class ConnectionEnded(AssertionError):
    """The server ended the connection where more of an answer was due."""

    def __init__(self, message, received=b""):
        super().__init__(message)
        self.received = received


class Response:
    """One answer: the interim ones (1xx) that came before it are in `interim`."""

    def __init__(self, status, reason, fields, minor, interim):
        self.status = status
        self.reason = reason
        self.fields = fields
        self.minor = minor
        self.interim = interim
        self.body = b""
        self.chunked = False
        self.until_close = False
        self.trailers = []

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {bytes(self.body[:200])!r}>"

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def header(self, name, default=None):
        values = self.all(name)
        if len(values) > 1:
            raise ProtocolError(f"{name} came {len(values)} times: {values}")
        return values[0] if values else default

    @property
    def text(self):
        return bytes(self.body).decode("utf-8")

    @property
    def keeps_alive(self):
        return self.minor == 1 and "close" not in (self.header("Connection") or "").lower()


def parse_fields(lines):
    fields = []
    for line in lines:
        match = FIELD_LINE.match(line)
        if match is None:
            raise ProtocolError(f"malformed field line {line!r}")
        fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))
    return fields


def parse_head(head):
    """Turns a head without its closing empty line into a Response."""
    lines = head.split(b"\r\n")
    for line in lines:
        if b"\n" in line or b"\r" in line:
            raise ProtocolError(f"bare CR or LF in {line!r}")
    match = STATUS_LINE.match(lines[0])
    if match is None:
        raise ProtocolError(f"malformed status line {lines[0]!r}")
    return Response(int(match[2]), match[3].decode("latin-1"), parse_fields(lines[1:]),
                    int(match[1]), [])


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, bytes(data))


def chunked(data, size=7000, trailers=b""):
    """The whole body `data` in the chunked coding, in chunks of `size` bytes."""
    pieces = [chunk(data[at:at + size]) for at in range(0, len(data), size)]
    return b"".join(pieces) + b"0\r\n" + trailers + b"\r\n"


def head_bytes(method, target, fields=(), version="HTTP/1.1"):
    lines = [f"{method} {target} {version}"] + [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Connection:
    def __init__(self, address, timeout=20.0, source=None, receive_buffer=None):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        if source is not None:
            self.sock.bind((source, 0))
        self.sock.connect(address)
        self.host = "%s:%d" % address
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends the connection with a TCP reset, as a client that crashed would."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def send_slowly(self, data, piece=1, pause=0.0):
        for at in range(0, len(data), piece):
            self.sock.sendall(data[at:at + piece])
            if pause:
                time.sleep(pause)

    def send_until_answered(self, data):
        """Sends until a final answer begins or the server ends the connection, as curl does."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.sock], [self.sock], [],
                                                  self.sock.gettimeout())
            try:
                if readable:
                    self._fill("nothing")
                    if not self.buffer.startswith(b"HTTP/1.1 1"):
                        return
                elif writable:
                    view = view[self.sock.send(view[:65536]):]
                else:
                    raise socket.timeout("the server takes no bytes")
            except (ConnectionEnded, BrokenPipeError, ConnectionResetError):
                return

    def send_head(self, method, target, fields=(), version="HTTP/1.1", host=True):
        fields = list(fields)
        if host and not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ("Host", self.host))
        self.send(head_bytes(method, target, fields, version))

    def send_request(self, method, target, fields=(), body=None, version="HTTP/1.1"):
        fields = list(fields)
        named = {name.lower() for name, _ in fields}
        if body is not None and not named & {"content-length", "transfer-encoding"}:
            fields.append(("Content-Length", str(len(body))))
        if "host" not in named:
            fields.insert(0, ("Host", self.host))
        self.send(head_bytes(method, target, fields, version))
        if body:
            self.send_until_answered(body)

    def request(self, method, target, fields=(), body=None, version="HTTP/1.1"):
        self.send_request(method, target, fields, body, version)
        return self.response(method)

    def _fill(self, due):
        try:
            data = self.sock.recv(262144)
        except ConnectionResetError as reset:
            raise ConnectionEnded(f"reset, {due} was due", bytes(self.buffer)) from reset
        if not data:
            raise ConnectionEnded(f"end, {due} was due", bytes(self.buffer))
        self.buffer += data

    def _line(self, due):
        while b"\r\n" not in self.buffer:
            if len(self.buffer) > HEAD_BYTES_MAX:
                raise ProtocolError(f"endless line where {due} was due")
            self._fill(due)
        line, _, rest = bytes(self.buffer).partition(b"\r\n")
        self.buffer = bytearray(rest)
        return line

    def read_exactly(self, count):
        body = bytearray(self.buffer[:count])
        del self.buffer[:count]
        while len(body) < count:
            try:
                data = self.sock.recv(min(count - len(body), 1 << 20))
            except ConnectionResetError as reset:
                raise ConnectionEnded(f"reset after {len(body)} of {count} bytes",
                                      bytes(body)) from reset
            if not data:
                raise ConnectionEnded(f"end after {len(body)} of {count} bytes", bytes(body))
            body += data
        return bytes(body)

    def read_one_head(self):
        """Reads one head, interim or final, and nothing of its body."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > HEAD_BYTES_MAX:
                raise ProtocolError("endless head")
            self._fill("a head")
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer = bytearray(rest)
        return parse_head(head)

    def read_head(self):
        """Reads the head of the final answer; interim ones are collected on the way."""
        interim = []
        while True:
            response = self.read_one_head()
            if response.status >= 200:
                response.interim = interim
                return response
            interim.append(response)

    def response(self, method="GET"):
        response = self.read_head()
        coding = response.header("Transfer-Encoding")
        length = response.header("Content-Length")
        if coding is not None and length is not None:
            raise ProtocolError("Content-Length beside Transfer-Encoding")
        if length is not None and not re.fullmatch(r"[0-9]+", length):
            raise ProtocolError(f"malformed Content-Length {length!r}")
        if response.status == 204 and (coding is not None or length is not None):
            raise ProtocolError("a 204 with a framing field")
        if method == "HEAD" or response.status in (204, 304):
            return response
        if coding is not None:
            if coding.lower() != "chunked" or response.minor == 0:
                raise ProtocolError(f"unexpected transfer coding {coding!r}")
            self._read_chunks(response)
        elif length is not None:
            response.body = self.read_exactly(int(length))
        else:
            response.until_close = True
            response.body = self.rest()
        return response

    def _read_chunks(self, response):
        body = bytearray()
        while True:
            line = self._line("a chunk size")
            match = CHUNK_LINE.match(line)
            if match is None:
                raise ProtocolError(f"malformed chunk size {line!r}")
            size = int(match[1], 16)
            if size == 0:
                break
            body += self.read_exactly(size)
            if self.read_exactly(2) != b"\r\n":
                raise ProtocolError("no CRLF after a chunk")
        trailers = []
        while True:
            line = self._line("a trailer")
            if not line:
                break
            trailers.append(line)
        response.chunked = True
        response.body = bytes(body)
        response.trailers = parse_fields(trailers)

    def rest(self, within=None):
        """Everything up to the end of the connection; a reset is an end like any other."""
        if within is not None:
            self.sock.settimeout(within)
        while True:
            try:
                self._fill("nothing")
            except ConnectionEnded:
                data = bytes(self.buffer)
                self.buffer.clear()
                return data

    def is_closed(self, within=10.0):
        """Whether the server ends the connection in time without another byte."""
        try:
            return self.rest(within) == b""
        except socket.timeout:
            return False

    def is_silent(self, during=0.3):
        """Whether the server neither sends anything nor closes for a while."""
        if self.buffer:
            return False
        before = self.sock.gettimeout()
        self.sock.settimeout(during)
        try:
            self._fill("nothing")
            return False
        except socket.timeout:
            return True
        except ConnectionEnded:
            return False
        finally:
            self.sock.settimeout(before)
