"""The real tuspy against a running Sluice: SLUICE_URL=http://127.0.0.1:8080 python test.py

Prints `ok NAME` or `not ok NAME` for each case; exits with 1 when one failed.
"""
import asyncio
import io
import os
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from urllib.parse import unquote, urlsplit

from tusclient import client
from tusclient.exceptions import TusCommunicationError
from tusclient.storage import filestorage

MIB = 1024 * 1024
BASE = os.environ.get("SLUICE_URL", "http://127.0.0.1:8080").rstrip("/")
CASES = []


def case(work):
    CASES.append(work)
    return work


def uploader(data, **options):
    return client.TusClient(BASE + "/files/").uploader(file_stream=io.BytesIO(data), **options)


def link_of(url):
    request = urllib.request.Request(url, method="HEAD", headers={"Tus-Resumable": "1.0.0"})
    with urllib.request.urlopen(request) as answer:
        return answer.headers["Sluice-Link"]


def expect_stored(url, data):
    with urllib.request.urlopen(link_of(url)) as answer:
        assert answer.read() == data, "other bytes came back"


@case
def one_request():
    data = os.urandom(3 * MIB + 17)
    upload = uploader(data, metadata={"filename": "ü.bin", "filetype": "image/png"})
    upload.upload()
    assert unquote(urlsplit(link_of(upload.url)).path).endswith("/ü.bin")
    expect_stored(upload.url, data)


@case
def chunks():
    data = os.urandom(2 * MIB + 3)
    upload = uploader(data, chunk_size=300_001)
    upload.upload()
    expect_stored(upload.url, data)


@case
def chunks_with_checksums():
    data = os.urandom(MIB + 5)
    upload = uploader(data, chunk_size=100_000, upload_checksum=True)
    upload.upload()
    expect_stored(upload.url, data)


@case
def empty_file():
    upload = uploader(b"")
    upload.upload()
    expect_stored(upload.url, b"")


@case
def going_on_in_a_new_client():
    data = os.urandom(MIB)
    first = uploader(data, chunk_size=300_000)
    first.upload_chunk()
    first.upload_chunk()
    second = uploader(data, chunk_size=300_000, url=first.url)
    assert second.offset == 600_000, second.offset
    second.upload()
    expect_stored(first.url, data)


@case
def going_on_with_an_address_that_was_kept():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kept.bin")
        with open(path, "wb") as file:
            file.write(os.urandom(MIB))
        options = {"chunk_size": 400_000, "store_url": True,
                   "url_storage": filestorage.FileStorage(os.path.join(folder, "urls"))}
        tus = client.TusClient(BASE + "/files/")
        first = tus.uploader(path, **options)
        first.upload_chunk()
        second = tus.uploader(path, **options)
        assert second.url == first.url and second.offset == 400_000
        second.upload()
        with open(path, "rb") as file:
            expect_stored(first.url, file.read())


@case
def taking_over_from_a_silent_connection():
    data = os.urandom(MIB)
    upload = uploader(data, chunk_size=300_000)
    upload.upload_chunk()
    target = urlsplit(upload.url)
    with socket.create_connection((target.hostname, target.port)) as silent:
        silent.sendall(f"PATCH {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\n"
                       "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
                       f"Upload-Offset: 300000\r\nContent-Length: {MIB - 300_000}\r\n\r\n"
                       .encode() + data[300_000:500_000])
        second = uploader(data, url=upload.url)
        assert 300_000 <= second.offset <= 500_000
        second.upload()
    expect_stored(upload.url, data)


@case
def several_at_once():
    async def send(data):
        tus = client.TusClient(BASE + "/files/")
        upload = tus.async_uploader(file_stream=io.BytesIO(data), chunk_size=500_000)
        await upload.upload()
        return upload.url

    async def send_all(bodies):
        return await asyncio.gather(*[send(data) for data in bodies])

    bodies = [os.urandom(MIB + number) for number in range(4)]
    for url, data in zip(asyncio.run(send_all(bodies)), bodies):
        expect_stored(url, data)


@case
def deleted_upload_is_refused():
    upload = uploader(b"x" * 1000, chunk_size=500)
    upload.upload_chunk()
    request = urllib.request.Request(upload.url, method="DELETE",
                                     headers={"Tus-Resumable": "1.0.0"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 204
    try:
        upload.upload_chunk()
    except TusCommunicationError as error:
        assert error.status_code in (404, 410), error
    else:
        raise AssertionError("a deleted upload took bytes")


def main():
    failed = 0
    for work in CASES:
        name = work.__name__.replace("_", " ")
        try:
            work()
            print(f"ok {name}", flush=True)
        except Exception as error:  # whatever a client raises is a failure of its case
            failed += 1
            print(f"not ok {name}\n# {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
