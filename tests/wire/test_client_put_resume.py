"""`sluice put` goes on: after kill -9 of either side, with its record, with changed files."""
import os
import signal
import subprocess
import time

import pytest

from putting import Putter
from sluice import MIB, Server, link_parts, pattern, settled, sha256

BODY = pattern(12 * MIB, "resume")
SLOW = ("--limit-rate", "8M")


@pytest.fixture
def put(tmp_path, fresh):
    return Putter(tmp_path, fresh)


def server_again(server):
    """The same server, killed and started on the same port."""
    server.kill()
    time.sleep(0.2)
    again = Server(server.data)
    with open(again.log_path, "ab") as log:
        again.address, again.log_from = server.address, again.log_path.stat().st_size
        again.process = subprocess.Popen(again.command(), stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=log)
    Server.running.append(again)
    assert settled(again.is_healthy)
    return again


def assert_whole(server, link, body=BODY):
    answer = server.get(link_parts(link)[0])
    assert answer.status == 200 and sha256(answer.body) == sha256(body)


@pytest.mark.parametrize("parts", [1, 4])
def test_put__server_killed_twice__goes_on_and_stores_the_file(put, fresh, parts):
    process = put.begin(put.file("k.bin", BODY), *SLOW, "--parts", parts)
    link = put.link_of(process)
    server = fresh
    for _ in range(2):
        time.sleep(0.3)
        server = server_again(server)
    done = put.end(process)
    assert done.code == 0 and done.links == [link], done
    assert "trying again" in done.err and "going on" in done.err
    assert_whole(server, link)
    server.stop()


@pytest.mark.parametrize("parts", [1, 4])
def test_put__killed_and_called_again__keeps_its_link(put, fresh, parts):
    words = [put.file("c.bin", BODY), *SLOW, "--parts", parts]
    process = put.begin(*words)
    link = put.link_of(process)
    time.sleep(0.4)
    process.kill()
    process.communicate()
    received = fresh.info(link_parts(link)[1])["received"]
    assert 0 < received < len(BODY)
    done = put.run(*words)
    assert done.code == 0 and done.links == [link], done
    assert_whole(fresh, link)
    assert put.records() == []


@pytest.mark.parametrize("parts", [1, 3])
def test_put__its_link_opened_at_once__follows_to_the_end(put, fresh, curl, parts):
    process = put.begin(put.file("l.bin", BODY), *SLOW, "--parts", parts)
    link = put.link_of(process)
    followed = curl(link)
    assert followed.returncode == 0 and sha256(followed.stdout) == sha256(BODY)
    done = put.end(process)
    assert done.code == 0 and done.links == [link]


def test_put__standard_input_and_a_killed_server__loses_nothing(put, fresh):
    process = put.begin("-", *SLOW, stdin=subprocess.PIPE)
    process.stdin.write(BODY[:5 * MIB])
    process.stdin.flush()
    link = put.link_of(process)
    time.sleep(0.3)
    server = server_again(fresh)
    done = put.end(process, BODY[5 * MIB:])
    assert done.code == 0 and done.links == [link], done
    assert_whole(server, link)
    server.stop()


def test_put__interrupted__says_how_to_go_on(put, fresh):
    path = put.file("i.bin", BODY)
    process = put.begin(path, *SLOW)
    link = put.link_of(process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    done = put.end(process)
    assert done.code == 130 and done.links == [] and "the same command" in done.err
    again = put.run(path)
    assert again.links == [link]
    assert_whole(fresh, link)


def test_put__twice_at_once__the_second_says_so(put):
    path = put.file("t.bin", BODY)
    first = put.begin(path, *SLOW)
    put.link_of(first)
    second = put.run(path)
    assert second.code == 1 and "another sluice put" in second.err
    assert put.end(first).code == 0


def test_put__a_file_that_changed_since__begins_anew(put, fresh):
    path = put.file("n.bin", BODY)
    process = put.begin(path, *SLOW)
    old = put.link_of(process)
    time.sleep(0.2)
    process.kill()
    process.communicate()
    other = BODY[::-1]
    path.write_bytes(other)
    done = put.run(path)
    assert done.code == 0 and done.links != [old]
    assert_whole(fresh, done.links[0], other)


@pytest.mark.parametrize("change", ["grown", "cut", "touched"])
def test_put__a_file_that_changes_while_it_is_sent__fails_and_is_taken_back(put, fresh, change):
    path = put.file("w.bin", BODY)
    process = put.begin(path, *SLOW)
    link = put.link_of(process)
    time.sleep(0.2)
    if change == "grown":
        with open(path, "ab") as file:
            file.write(b"more")
    elif change == "cut":
        os.truncate(path, MIB)
    else:
        os.utime(path)
    done = put.end(process)
    assert done.code == 1 and done.links == [] and "changed while it was sent" in done.err, done
    assert fresh.get(link_parts(link)[0]).status in (404, 410)
    assert put.records() == []


def test_put__an_upload_that_was_deleted__begins_anew(put, fresh):
    path = put.file("d.bin", BODY)
    process = put.begin(path, *SLOW)
    link = put.link_of(process)
    time.sleep(0.2)
    process.kill()
    process.communicate()
    [record] = [file for file in put.records() if file.suffix == ".upload"]
    upload = dict(line.split(" ", 1) for line in record.read_text().splitlines()
                  if " " in line)["upload"]
    target = upload[upload.index("/files/"):]
    fields = [("Tus-Resumable", "1.0.0")]
    assert fresh.request("DELETE", target, fields).status == 204
    done = put.run(path)
    assert done.code == 0 and done.links != [link]
    assert_whole(fresh, done.links[0])


def test_put__a_broken_record__is_as_none(put, fresh):
    path = put.file("b.bin", BODY)
    process = put.begin(path, *SLOW)
    put.link_of(process)
    process.kill()
    process.communicate()
    for record in put.records():
        record.write_bytes(record.read_bytes()[:40])
    done = put.run(path)
    assert done.code == 0, done
    assert_whole(fresh, done.links[0])


def test_put__records_of_uploads_that_expired_long_ago__are_removed(put):
    folder = put.folder / "state" / "sluice" / "put"
    folder.mkdir(parents=True)
    month_ago = time.time() - 30 * 86400
    for name, expires, touched in (("old", month_ago, month_ago), ("live", time.time(), month_ago),
                                   ("new", month_ago, time.time())):
        record = folder / f"{name}.upload"
        record.write_text(f"sluice put 1\nfile x\nsize 1\nexpires {int(expires * 1000)}\n"
                          "upload http://h/files/x\nlink \nkey \nend\n")
        os.utime(record, (touched, touched))
    (folder / "other.txt").write_text("not ours")
    assert put.run(put.file("s.bin", b"s")).code == 0
    assert sorted(path.name for path in put.records()) == ["live.upload", "new.upload", "other.txt"]


def test_put__a_state_folder_that_cannot_be_made__is_told_and_the_file_is_sent(put):
    (put.folder / "state").write_text("a file")
    done = put.run(put.file("u.bin", BODY))
    assert done.code == 0 and len(done.links) == 1 and "can't be resumed" in done.err
