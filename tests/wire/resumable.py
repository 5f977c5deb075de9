"""A client of Resumable Uploads for HTTP, for the tests of them."""
import json
import re
from urllib.parse import urlsplit

PARTIAL = ("Content-Type", "application/partial-upload")
LAST = ("Upload-Complete", "?1")
MORE = ("Upload-Complete", "?0")
VERSION = ("Upload-Draft-Interop-Version", "9")
PROBLEMS = "https://iana.org/assignments/http-problem-types#"


def upload_target(response):
    """Where the upload is, from an answer that tells it."""
    target = urlsplit(response.header("Location")).path
    assert re.fullmatch(r"/files/[A-Za-z0-9_-]{22}", target), response
    return target


def begin(server, name="", body=b"", *fields, complete=False, method="PUT"):
    """Creates an upload with a first piece of its bytes; returns its target and the answer."""
    response = server.request(method, "/" + name, [LAST if complete else MORE, *fields], body)
    assert response.status == 201, response
    assert response.header("Upload-Complete") == "?0"
    assert response.header("Upload-Offset") == str(len(body))
    return upload_target(response), response


def append(server, target, offset, body, *fields, complete=False):
    return server.request("PATCH", target, append_fields(offset, complete, *fields), body)


def append_fields(offset, complete, *fields):
    return [PARTIAL, ("Upload-Offset", str(offset)), LAST if complete else MORE, *fields]


def ask(server, target, *fields, method="HEAD"):
    """Where an upload stands: (offset, whether it is complete, the answer)."""
    response = server.request(method, target, fields)
    assert response.status in (200, 204), response
    assert response.header("Cache-Control") == "no-store"
    complete = response.header("Upload-Complete")
    assert complete in ("?0", "?1"), response
    return int(response.header("Upload-Offset")), complete == "?1", response


def problem_of(response, status, name):
    """Checks that an answer is a problem of a registered type; returns the document."""
    assert response.status == status, response
    assert response.header("Content-Type") == "application/problem+json"
    document = json.loads(response.text)
    assert document["type"] == PROBLEMS + name and document["status"] == status
    assert document["title"] and document["detail"]
    return document


def begin_broken(server, size, sent, *fields, name="broken.bin", reset=False):
    """Sends `sent` of `size` bytes and ends the connection; returns the 104 that came before."""
    with server.connect() as connection:
        connection.send_head("PUT", "/" + name, [
            LAST, VERSION, ("Content-Length", str(size)), *fields])
        interim = connection.read_one_head()
        assert interim.status == 104
        connection.send(sent)
        if reset:
            connection.reset()
        return interim
