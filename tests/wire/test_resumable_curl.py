"""The shell user's way to go on with a broken upload: curl, tail and nothing else."""
import re

import pytest

from resumable import ask
from sluice import MIB, pattern, settled

BEGIN = ("-H", "Upload-Complete: ?1", "-H", "Upload-Draft-Interop-Version: 9")


def field(head, name):
    found = re.search(rb"(?im)^" + name.encode() + rb": *(.*?)\r$", head)
    assert found, head
    return found[1].decode()


def test_curl__whole_upload__prints_the_link_alone(sluice, curl, tmp_path):
    body = pattern(3 * MIB, "curl")
    (tmp_path / "film.mkv").write_bytes(body)
    done = curl(*BEGIN, "-D", tmp_path / "head", "-T", tmp_path / "film.mkv", sluice.url())
    assert done.returncode == 0 and done.stdout.count(b"\n") == 1
    head = (tmp_path / "head").read_bytes()
    assert b"HTTP/1.1 104" in head and field(head, "Sluice-Link") == done.stdout.decode().strip()
    assert curl(done.stdout.decode().strip()).stdout == body


@pytest.mark.parametrize("size, first", [(8 * MIB, 3 * MIB), (2 * MIB, 100_000)])
def test_curl__killed_in_the_middle__goes_on_from_the_offset(sluice, curl, tmp_path, size, first):
    body = pattern(size, first)
    film, head = tmp_path / "film.mkv", tmp_path / "head"
    film.write_bytes(body)
    broken = curl(*BEGIN, "-D", head, "--limit-rate", str(first), "-m", "1", "-T", film,
                  sluice.url())
    assert broken.returncode == 28, broken
    url = field(head.read_bytes(), "Location")
    asked = curl("-I", url)
    assert asked.returncode == 0 and field(asked.stdout, "Upload-Complete") == "?0"
    offset = int(field(asked.stdout, "Upload-Offset"))
    assert 0 < offset < size
    done = curl("-X", "PATCH", "-T", "-", "-H", "Content-Type: application/partial-upload",
                "-H", f"Upload-Offset: {offset}", "-H", "Upload-Complete: ?1", url,
                stdin=film.read_bytes()[offset:])
    assert done.returncode == 0 and done.stdout.decode().strip() == field(head.read_bytes(),
                                                                          "Sluice-Link")
    assert curl(done.stdout.decode().strip()).stdout == body


def test_curl__nothing_left_to_send__gets_the_link_all_the_same(sluice, curl, tmp_path):
    film, head = tmp_path / "film.mkv", tmp_path / "head"
    film.write_bytes(b"short film")
    first = curl(*BEGIN, "-D", head, "-T", film, sluice.url())
    url = field(head.read_bytes(), "Location")
    assert settled(lambda: ask(sluice, "/" + url.split("/", 3)[3])[1])
    again = curl("-X", "PATCH", "-T", "-", "-H", "Content-Type: application/partial-upload",
                 "-H", "Upload-Offset: 10", "-H", "Upload-Complete: ?1", url, stdin=b"")
    assert again.returncode == 0 and again.stdout == first.stdout
