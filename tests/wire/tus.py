"""A client of tus 1.0.0, for the tests of it."""
import base64
import hashlib
import re
from collections import namedtuple

from live import CHUNK, TUS, path_of
from rawhttp import ConnectionEnded, chunked
from sluice import PATIENCE, link_parts, settled

AT_ONCE = 0.5 * PATIENCE  # for an answer that waits for nobody
PARTIAL = ("Upload-Concat", "partial")
DEFERRED = ("Upload-Defer-Length", "1")
IMF_FIXDATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep"
                         r"|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")

Created = namedtuple("Created", "path target link key response")


def length(size):
    return DEFERRED if size is None else ("Upload-Length", size)


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def metadata(**pairs):
    """Upload-Metadata with these keys; _ in a key stands for -."""
    return ("Upload-Metadata", ",".join(f"{key.replace('_', '-')} {encoded(value)}"
                                        for key, value in pairs.items()))


def post(server, *fields, body=None, target="/files/"):
    return server.request("POST", target, [TUS, *fields], body)


def created(response):
    """Checks the answer to a creation and takes it apart; of a part, link and key are None."""
    assert response.status == 201, response
    link = response.header("Sluice-Link")
    target, link, _ = link_parts(link) if link else (None, None, None)
    return Created(path_of(response), target, link, response.header("Sluice-Key"), response)


def create(server, size, *fields):
    """An upload of `size` bytes, None: told later."""
    return created(post(server, length(size), *fields))


def create_with(server, size, body, *fields):
    """The same, with its first bytes."""
    return created(post(server, length(size), CHUNK, *fields, body=body))


def append_fields(offset, *fields):
    return [TUS, CHUNK, ("Upload-Offset", offset), *fields]


def patch(server, path, offset, body, *fields):
    return server.request("PATCH", path, append_fields(offset, *fields), body)


def append(server, path, offset, body, *fields):
    """A PATCH that has to work; returns the offset behind it."""
    response = patch(server, path, offset, body, *fields)
    assert response.status == 204, response
    reached = int(response.header("Upload-Offset"))
    assert reached == offset + len(body), response
    return reached


def append_chunked(server, path, offset, body, *fields, size=7000, trailers=b""):
    return server.request("PATCH", path, append_fields(offset, ("Transfer-Encoding", "chunked"),
                                                       *fields), chunked(body, size, trailers))


def ask(server, path, method="HEAD"):
    response = server.request(method, path, [TUS])
    assert response.status == 200, response
    assert response.header("Cache-Control") == "no-store"
    return response


def offset_of(server, path):
    """Where it stands, for somebody who goes on: whoever is sending is ended."""
    return int(ask(server, path).header("Upload-Offset"))


def stored_of(server, path):
    """Where it stands, without disturbing anybody."""
    return int(ask(server, path, "GET").header("Upload-Offset"))


def delete(server, path):
    return server.request("DELETE", path, [TUS])


def is_gone(server, path):
    response = server.request("HEAD", path, [TUS])
    assert response.header("Upload-Offset") is None or response.status == 200, response
    return response.status in (404, 410)


def begin_append(server, path, offset, size, sent, *fields, **options):
    """A sender that announces `size` bytes (None: chunked) and falls silent after `sent`."""
    connection = server.connect(**options)
    framing = ("Transfer-Encoding", "chunked") if size is None else ("Content-Length", size)
    connection.send_head("PATCH", path, append_fields(offset, framing, *fields))
    if size is None and sent:
        sent = chunked(sent)[:-len(b"0\r\n\r\n")]
    connection.send(sent)
    return connection


def arriving(server, link, received):
    """Waits until so much has come from a sender who is still there."""
    def is_there():
        info = server.info(link)
        return info["state"] == "arriving" and info["received"] == received

    assert settled(is_there, every=0.005), server.info(link)


def is_cut(connection):
    """Whether the server ends the connection without an answer."""
    try:
        connection.response()
    except ConnectionEnded as ended:
        return ended.received == b""
    return False


def checksum(algorithm, data):
    """Upload-Checksum of `data`."""
    digest = (crc32c(data).to_bytes(4, "big") if algorithm == "crc32c"
              else hashlib.new(algorithm, data).digest())
    return ("Upload-Checksum", f"{algorithm} {encoded(digest)}")


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = CRC32C[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def crc32c_entry(value):
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC32C = [crc32c_entry(value) for value in range(256)]
