"""tus on a small disk: what was declared is reserved, and comes back when the upload ends."""
from live import CHUNK, TUS
from rawhttp import ConnectionEnded
from sluice import MIB, pattern, settled, uploaded
from test_disk_full import cramped, free_bytes, let_it_look_again, small_disk  # noqa: F401
from tus import (PARTIAL, append, ask, create, create_with, created, delete, is_gone, length,
                 offset_of, patch, post)


def test_creation__beyond_the_disk__507_before_the_body(cramped):  # noqa: F811
    with cramped.connect() as connection:
        connection.send_head("POST", "/files/", [TUS, CHUNK, length(200 * MIB),
                                                 ("Content-Length", 200 * MIB),
                                                 ("Expect", "100-continue")])
        response = connection.response()
        assert response.status == 507 and response.interim == []
        assert response.header("Tus-Resumable") == "1.0.0"
    upload = create(cramped, None)
    response = patch(cramped, upload.path, 0, b"", length(200 * MIB))
    assert response.status == 507, response
    assert ask(cramped, upload.path).header("Upload-Defer-Length") == "1"
    assert delete(cramped, upload.path).status == 204
    assert settled(lambda: not cramped.stored())


def assert_comes_back(server, size):
    """Whether so much can be declared again, soon."""
    def try_it():
        answer = post(server, length(size))
        return answer.status == 201 and delete(server, created(answer).path).status == 204

    assert settled(lambda: not server.stored())
    assert settled(try_it)


def test_open_upload__holds_its_space_against_others(cramped, start):  # noqa: F811
    size = free_bytes(cramped) * 6 // 10
    upload = create(cramped, size)
    assert post(cramped, length(size)).status == 507
    assert cramped.request("PUT", "/x", [("Expect", "100-continue"),
                                         ("Content-Length", size)]).status == 507
    append(cramped, upload.path, 0, pattern(MIB))
    let_it_look_again()
    assert post(cramped, length(size), PARTIAL).status == 507
    assert delete(cramped, upload.path).status == 204
    assert_comes_back(cramped, size)

    upload = create_with(cramped, size, pattern(MIB))
    cramped.kill()
    server = start("--reserve", "2MiB", data=cramped.data)
    assert post(server, length(size)).status == 507, "reserved over a crash as well"
    assert offset_of(server, upload.path) == MIB
    rest = bytes(size - MIB)
    append(server, upload.path, MIB, rest)
    assert server.get(upload.target).body == pattern(MIB) + rest
    assert post(server, length(size)).status == 507
    assert delete(server, upload.path).status == 204
    assert_comes_back(server, size)


def test_unknown_length__beyond_the_disk__507_and_it_can_be_taken_back(cramped):  # noqa: F811
    before = free_bytes(cramped)
    upload = create_with(cramped, None, b"abc")
    statuses, offset = [], 3
    while not statuses and offset < 100 * MIB:
        try:
            response = patch(cramped, upload.path, offset, pattern(4 * MIB))
        except ConnectionEnded:
            statuses.append(None)
            break
        if response.status == 204:
            offset += 4 * MIB
        else:
            statuses.append(response.status)
    assert statuses == [507]
    told = offset_of(cramped, upload.path)
    assert offset <= told <= offset + 4 * MIB
    assert cramped.get("/healthz").status == 200
    assert delete(cramped, upload.path).status == 204 and is_gone(cramped, upload.path)
    assert settled(lambda: not cramped.stored())
    assert settled(lambda: free_bytes(cramped) > before - 2 * MIB)
    assert settled(lambda: uploaded(cramped.request("PUT", "/after.bin", [], b"x")).link)
