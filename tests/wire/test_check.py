"""`sluice check`: every link has its bytes, every byte its link, digests agree."""
import shutil

import pytest

from sluice import pattern, run_tool


@pytest.fixture
def folder(start):
    """A data folder with a few files in it whose server has ended."""
    server = start()
    for size in (0, 10, 70_000, 1_000_000):
        server.put(f"{size}.bin", pattern(size))
    gone = server.put("gone.bin", b"gone")
    server.request("DELETE", f"/{gone.link}", [("Authorization", f"Bearer {gone.key}")])
    server.stop()
    return server


def check(server, *flags):
    return run_tool("check", *flags, "--data", server.data)


def largest(server):
    files = server.stored()
    return max(files, key=files.get)


def test_check__of_a_sound_folder__exit_code_0(folder):
    for flags in ([], ["--repair"], []):
        code, output = check(folder, *flags)
        assert code == 0, output


def test_check__after_kill_9_in_mid_upload__repairs_and_is_clean(start):
    server = start()
    server.put("whole.bin", pattern(100_000))
    with server.connect() as connection:
        connection.send_head("PUT", "/half.bin", [("Content-Length", "3000000")])
        connection.send(pattern(2_000_000))
        server.kill()
    code, output = check(server, "--repair")
    assert code == 0, output
    assert check(server)[0] == 0
    assert list(server.stored().values()) == [100_000]


def test_check__bytes_without_a_link__reported_and_removed_by_repair(folder):
    model = largest(folder)
    orphan = model.with_name(model.name[:-1] + ("0" if model.name[-1] != "0" else "1"))
    shutil.copyfile(model, orphan)
    before = len(folder.stored())
    _, output = check(folder)
    assert orphan.name in output
    assert orphan.exists(), "removed without --repair"
    code, output = check(folder, "--repair")
    assert code == 0 and orphan.name in output
    assert not orphan.exists() and len(folder.stored()) == before - 1
    code, output = check(folder)
    assert code == 0 and orphan.name not in output


def test_check__link_without_bytes__reported_with_an_exit_code(folder):
    missing = largest(folder)
    missing.unlink()
    code, output = check(folder)
    assert code > 0 and missing.name in output


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer"])
def test_check__bytes_that_changed__reported_with_an_exit_code(folder, damage):
    path = largest(folder)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[500_000] ^= 1
    elif damage == "cut":
        del data[-1:]
    else:
        data += b"!"
    path.write_bytes(data)
    code, output = check(folder)
    assert code > 0 and path.name in output


def test_missing_bytes__asked_for__never_a_wrong_answer(start):
    server = start()
    upload = server.put("lost.bin", pattern(100_000))
    server.stop()
    for path in server.stored():
        path.unlink()
    again = start(data=server.data)
    response = again.get(upload.target)
    assert response.status in (404, 410, 500, 503)
    assert again.get("/healthz").status in (200, 503)
