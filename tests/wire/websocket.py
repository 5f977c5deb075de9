"""A WebSocket client that sends exactly the frames a test gives it and reads answers strictly."""
import base64
import hashlib
import os
import socket
import struct
from collections import namedtuple

from rawhttp import ConnectionEnded, ProtocolError, head_bytes

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Frame = namedtuple("Frame", "fin opcode payload")


def frame(opcode, payload=b"", *, fin=True, rsv=0, masked=True, form=None):
    """A frame as a client sends it; `form` is the length's form (7, 16 or 64 bits)."""
    size = len(payload)
    form = form or (7 if size < 126 else 16 if size < 65536 else 64)
    short = {7: size, 16: 126, 64: 127}[form]
    length = {7: b"", 16: struct.pack("!H", size & 0xFFFF), 64: struct.pack("!Q", size)}[form]
    head = bytes([fin << 7 | rsv << 4 | opcode, masked << 7 | short]) + length
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def close_payload(code, reason=b""):
    return struct.pack("!H", code) + reason


def handshake(key=None, version="13", **more):
    fields = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket"),
              ("Sec-WebSocket-Key", key or base64.b64encode(os.urandom(16)).decode()),
              ("Sec-WebSocket-Version", version)]
    return fields + [(name.replace("_", "-"), value) for name, value in more.items()]


class WebSocket:
    """A connection after its handshake."""

    def __init__(self, server, target, eagerly=b"", fields=None, **options):
        self.connection = server.connect(**options)
        fields = fields or handshake()
        key = dict(fields)["Sec-WebSocket-Key"]
        # In one piece, so that what is sent eagerly is received together with the head.
        fields = [("Host", self.connection.host), *fields]
        self.connection.send(head_bytes("GET", target, fields) + eagerly)
        self.response = self.connection.read_one_head()  # 101 is final
        if self.response.status != 101:
            return
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        assert self.response.header("Sec-WebSocket-Accept") == accept, self.response
        assert self.response.header("Upgrade").lower() == "websocket", self.response
        assert self.response.header("Connection").lower() == "upgrade", self.response
        for name in ("Content-Length", "Transfer-Encoding", "Sec-WebSocket-Extensions",
                     "Sec-WebSocket-Protocol"):
            assert self.response.header(name) is None, self.response

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, data):
        self.connection.send(data)

    def read_frame(self):
        first, second = self.connection.read_exactly(2)
        size = second & 0x7F
        if first & 0x70 or second & 0x80:
            raise ProtocolError(f"reserved bits or a mask in {first:02x} {second:02x}")
        if size == 126:
            size, = struct.unpack("!H", self.connection.read_exactly(2))
            assert size >= 126, "a length in too long a form"
        elif size == 127:
            raise ProtocolError("no message is that long")
        return Frame(bool(first & 0x80), first & 0x0F, self.connection.read_exactly(size))

    def read_until(self, opcode):
        """The next frame of this kind, and the texts before it."""
        texts = []
        while True:
            came = self.read_frame()
            assert came.fin, came
            if came.opcode == opcode:
                return came.payload, texts
            if came.opcode != TEXT:
                raise ProtocolError(f"{came} where opcode {opcode} was due")
            texts.append(came.payload)

    def read_close(self):
        """The code of the server's close, and the texts before it."""
        payload, texts = self.read_until(CLOSE)
        return (struct.unpack("!H", payload[:2])[0] if payload else None), texts

    def is_over(self, within=1.5):
        """Whether the server shuts its side without another byte."""
        self.connection.sock.settimeout(within)
        try:
            self.connection._fill("nothing")
            return False
        except (ConnectionEnded, ConnectionResetError):
            return not self.connection.buffer
        except socket.timeout:
            return False
