"""Builds multipart/form-data bodies, well-formed or not."""

BOUNDARY = b"----formBoundaryE19zNvXGzXaLvS5C"
TYPE = ("Content-Type", "multipart/form-data; boundary=" + BOUNDARY.decode())


def part(body, name=b"f", filename=None, fields=b"", boundary=BOUNDARY):
    head = b'Content-Disposition: form-data; name="' + name + b'"'
    if filename is not None:
        head += b'; filename="' + filename + b'"'
    return b"--" + boundary + b"\r\n" + head + b"\r\n" + fields + b"\r\n" + body + b"\r\n"


def form(*parts, boundary=BOUNDARY):
    return b"".join(parts) + b"--" + boundary + b"--\r\n"


def links(response):
    """The links in the plain answer to a form: one a line, in order of the parts."""
    assert response.status == 201, response
    assert response.text.endswith("\n")
    return response.text[:-1].split("\n")
