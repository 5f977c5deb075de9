"""Takes the answer to a range request apart, strictly."""
import re

CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)\Z")


def parts_of(response, body):
    """The (first, last) pairs of a 206; checks every byte of it against the file's `body`."""
    assert response.status == 206, response
    content_type = response.header("Content-Type")
    if not content_type.startswith("multipart/byteranges"):
        return [checked(response.header("Content-Range"), response.body, body)]
    assert response.header("Content-Range") is None
    boundary = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"]{1,70})"?', content_type)[1]
    assert response.header("Content-Length") == str(len(response.body)) and not response.chunked
    delimiter = b"--" + boundary.encode()
    wire = response.body[2:] if response.body.startswith(b"\r\n") else response.body
    found = []
    while not wire.startswith(delimiter + b"--"):
        assert wire.startswith(delimiter + b"\r\n"), wire[:100]
        head, _, wire = wire[len(delimiter) + 2:].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
        fields = {name.lower(): value for name, value in fields.items()}
        assert fields["content-type"] != "multipart/byteranges"
        first, last, _ = map(int, CONTENT_RANGE.match(fields["content-range"]).groups())
        size = last - first + 1
        found.append(checked(fields["content-range"], wire[:size], body))
        assert wire[size:size + 2] == b"\r\n"
        wire = wire[size + 2:]
    assert wire in (delimiter + b"--", delimiter + b"--\r\n"), wire[:100]
    return found


def checked(content_range, data, body):
    match = CONTENT_RANGE.match(content_range or "")
    assert match, content_range
    first, last, whole = map(int, match.groups())
    assert whole == len(body) and first <= last < whole, content_range
    assert data == body[first:last + 1], f"wrong bytes for {content_range}"
    return first, last
