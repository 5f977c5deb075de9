"""Files made of parts (tus concatenation)."""
from live import CHUNK, TUS, Live, metadata, path_of
from sluice import link_parts


class Joined:
    """A file put together from parts, which may be arriving."""

    def __init__(self, server, parts, *fields, name="joined.bin"):
        """`parts`: the paths of the parts' uploads, in order."""
        self.server = server
        response = server.request("POST", "/files/",
                                  [TUS, ("Upload-Concat", "final;" + " ".join(parts)),
                                   metadata(name), *fields])
        assert response.status == 201, response
        self.path = path_of(response)
        self.target, self.link, self.name = link_parts(response.header("Sluice-Link"))
        self.key = response.header("Sluice-Key")


def put_part(server, body):
    """A complete part; returns the path of its upload."""
    response = server.request("POST", "/files/",
                              [TUS, CHUNK, ("Upload-Length", len(body)),
                               ("Upload-Concat", "partial")], body)
    assert response.status == 201, response
    return path_of(response)


class LivePart(Live):
    """A part that a test sends piece by piece."""

    def __init__(self, server, body, known=True):
        self.server, self.body, self.known, self.at = server, body, known, 0
        length = ("Upload-Length", len(body)) if known else ("Upload-Defer-Length", "1")
        response = server.request("POST", "/files/",
                                  [TUS, length, ("Upload-Concat", "partial")])
        assert response.status == 201, response
        self.path = path_of(response)
