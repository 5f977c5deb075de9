"""`sluice put` and a server: links on standard output and nothing else, whatever is sent."""
import os
import subprocess

import pytest

from putting import Putter, as_json
from sluice import MIB, link_parts, pattern, sha256


@pytest.fixture
def put(tmp_path, sluice):
    return Putter(tmp_path, sluice)


def assert_stored(server, link, body):
    answer = server.get(link_parts(link)[0])
    assert answer.status == 200
    assert sha256(answer.body) == sha256(body)


@pytest.mark.parametrize("size", [0, 1, 5000, MIB, MIB + 1, 3_000_000])
def test_put__a_file__prints_its_link_and_nothing_else(put, sluice, size):
    body = pattern(size)
    done = put.run(put.file("a.bin", body))
    assert done.code == 0, done
    assert len(done.links) == 1
    assert link_parts(done.links[0])[2] == "a.bin"
    assert_stored(sluice, done.links[0], body)
    assert done.err == f"a.bin: {done.links[0]}\n"
    assert put.records() == []


def test_put__several_files__prints_links_in_their_order(put, sluice):
    bodies = [pattern(size, "order") for size in (2_500_000, 10, 0, 1_200_000, 700)]
    files = [put.file(f"{n}.bin", body) for n, body in enumerate(bodies)]
    done = put.run(*files, "--parallel", "2")
    assert done.code == 0, done
    for number, (link, body) in enumerate(zip(done.links, bodies, strict=True)):
        assert link_parts(link)[2] == f"{number}.bin"
        assert_stored(sluice, link, body)


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_put__in_parts__stores_the_whole(put, sluice, parts):
    body = pattern(7 * MIB + 12345, parts)
    done = put.run(put.file("p.bin", body), "--parts", parts)
    assert done.code == 0, done
    assert_stored(sluice, done.links[0], body)
    assert put.records() == []


@pytest.mark.parametrize("size", [0, 3, 2_000_000])
def test_put__standard_input__is_sent_to_its_end(put, sluice, size):
    body = pattern(size, "input")
    done = put.run("-", "--name", "from a pipe.txt", sent=body)
    assert done.code == 0, done
    assert link_parts(done.links[0])[2] == "from a pipe.txt"
    assert_stored(sluice, done.links[0], body)


def test_put__more_input_than_its_window__is_sent_whole(put, sluice):
    body = pattern(40 * MIB, "window")
    done = put.run("-", sent=body)
    assert done.code == 0, done
    assert_stored(sluice, done.links[0], body)


def test_put__a_pipe_by_its_name__is_read_as_one(put, sluice):
    os.mkfifo(put.folder / "pipe")
    process = put.begin("pipe")
    with open(put.folder / "pipe", "wb") as pipe:
        pipe.write(b"through a pipe")
    done = put.end(process)
    assert done.code == 0, done
    assert_stored(sluice, done.links[0], b"through a pipe")


@pytest.mark.parametrize("name, kept", [
    ("ü 漢字 €.txt", "ü 漢字 €.txt"), ("-dash.txt", "-dash.txt"), ("a\nb\x01.txt", "a_b_.txt"),
    ("%41?#&=.txt", "%41?#&=.txt"), (b"\xff\xfe.bin", "��.bin"),
    ("x" * 251 + ".txt", "x" * 251 + ".txt"),
])
def test_put__odd_names__arrive(put, sluice, name, kept):
    path = os.path.join(os.fsencode(put.folder), os.fsencode(name))
    with open(path, "wb") as file:
        file.write(b"odd")
    process = subprocess.run([*put.begin("--help").args[:2], "--", os.fsencode(name)],
                             env=put.environment(), cwd=put.folder, capture_output=True,
                             timeout=60, check=False)
    assert process.returncode == 0, process
    link = process.stdout.decode().strip()
    assert link_parts(link)[2] == kept
    assert_stored(sluice, link, b"odd")


def test_put__json__tells_key_and_size(put, sluice):
    [told] = as_json(put.run(put.file("j.bin", b"12345"), "--json"))
    assert told["size"] == 5 and told["file"].endswith("j.bin")
    target, link, _ = link_parts(told["link"])
    fields = [("Authorization", f"Bearer {told['key']}")]
    assert sluice.request("DELETE", f"/{link}", fields).status == 204
    assert sluice.get(target).status in (404, 410)


def test_put__options__reach_the_server(put, sluice):
    done = put.run(put.file("o.bin", pattern(MIB * 2)), "--expires", "2h", "--max-downloads=3",
                   "--name", "other.bin")
    told = sluice.info(link_parts(done.links[0])[1])
    assert told["downloads_max"] == 3 and told["name"] == "other.bin" and told["expires"]


def test_put__quiet__says_nothing(put):
    done = put.run(put.file("q.bin", b"quiet"), "--quiet")
    assert (done.code, done.err, len(done.links)) == (0, "", 1)


def test_put__one_bad_file_of_three__sends_the_others_and_fails(put):
    done = put.run(put.file("1", b"1"), put.folder, put.folder / "none", put.file("2", b"2"))
    assert done.code == 1
    assert [link_parts(link)[2] for link in done.links] == ["1", "2"]
    assert "it is a folder" in done.err and "No such file" in done.err


@pytest.mark.parametrize("words", [
    [], ["--nonsense", "f"], ["--parts", "0", "f"], ["--parts", "33", "f"], ["--expires"],
    ["--json=1", "f"], ["-", "-"], ["--name", "n", "a", "b"], ["--to", "ftp://h/", "f"],
    ["--to", "http://", "f"], ["--retry-for", "5", "f"],
])
def test_put__wrong_words__are_told(put, words):
    done = put.run(*words)
    assert done.code == 2 and done.err.startswith("sluice: ") and done.links == []


def test_put__help__goes_to_standard_output(put):
    done = put.run("--help")
    assert done.code == 0 and done.err == "" and "--retry-for" in "\n".join(done.links)


def test_put__a_limit_of_rate__is_kept(put):
    done = put.run(put.file("slow.bin", pattern(600_000)), "--limit-rate", "300K")
    assert done.code == 0, done


def test_put__refused_options__are_told_in_the_servers_words(put):
    done = put.run(put.file("e.bin", b"e"), "--expires", "soon")
    assert done.code == 1 and done.links == []
    assert "Sluice-Expires" in done.err and "(status 400)" in done.err
