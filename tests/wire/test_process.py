"""The program as a process: its command line, its graceful end, one process a data folder."""
import os
import re
import signal
import subprocess
import time

import pytest

from rawhttp import ConnectionEnded
from sluice import (BINARY, IO, MIB, PATIENCE, Server, free_port, pattern, run_tool, settled,
                    uploaded)

OPTIONS = ["listen", "data", "base-url", "trusted-proxy", "workers", "io", "memory", "max-size",
           "expires", "expires-max", "reserve", "head-timeout", "body-idle", "send-idle",
           "keep-alive", "connections", "connections-per-address", "uploads-per-address", "grace",
           "access-log", "log-format", "log-level", "direct"]


def no_answer(server):
    """Whether a new connection is refused, or ended without an answer."""
    try:
        with server.connect(timeout=2) as connection:
            connection.request("GET", "/healthz")
    except (OSError, ConnectionEnded):
        return True
    return False


def slow_download(server, target):
    connection = server.connect(receive_buffer=8192)
    connection.send_request("GET", target)
    connection.read_head()
    return connection, connection.read_exactly(10_000)


def test_version__says_its_name_and_number():
    code, output = run_tool("version")
    assert code == 0 and re.match(r"sluice v?\d+\.\d+", output)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help__names_every_option(arguments):
    code, output = run_tool(*arguments)
    assert code == 0
    if arguments == ["--help"]:
        assert "serve" in output and "check" in output
    else:
        assert [name for name in OPTIONS if f"--{name}" not in output] == []


@pytest.mark.parametrize("arguments", [
    ["serve", "--no-such-option", "1"], ["serve", "--max-size", "much"],
    ["serve", "--max-size", "-1"], ["serve", "--max-size", "99999999TiB"],
    ["serve", "--head-timeout", "5 bananas"], ["serve", "--io", "magic"],
    ["serve", "--workers", "many"], ["serve", "--log-format", "xml"], ["serve", "--listen", "x"],
    ["serve", "--listen", "127.0.0.1:99999"], ["serve", "--trusted-proxy", "10.0.0.0/33"],
    ["serve", "--base-url", "nonsense"], ["serve", "--max-size"], ["serve", "stray"],
    ["frobnicate"], ["serve", "--config", "/no/such/file"], ["check", "--data", "/no/such/folder"],
    ["check", "--no-such-option"],
], ids=" ".join)
def test_command_line__wrong__refused_with_a_sentence_that_names_it(tmp_path, arguments):
    words = arguments[1:] or arguments
    if arguments[0] == "serve":
        arguments = ["serve", "--data", tmp_path / "data", *arguments[1:]]
    code, output = run_tool(*arguments, timeout=5)
    assert 0 < code < 124
    assert any(word.lstrip("-") in output for word in words), output
    assert len(output) < 2000, "a whole manual instead of a sentence"


def test_options__from_environment_and_file__obeyed_and_overridden_in_order(start, tmp_path):
    config = tmp_path / "sluice.conf"
    config.write_text("# a comment\n\nmax-size = 1KiB\nexpires = 1h\n")
    server = start("--config", config)
    assert server.request("PUT", "/a", [], b"x" * 1025).status == 413
    assert server.request("PUT", "/a", [], b"x" * 1024).status == 201
    assert server.info(server.put("a").link)["expires"] is not None
    server.stop()
    server = start("--config", config, data=server.data,
                   environment={"SLUICE_MAX_SIZE": "2K"})
    assert server.request("PUT", "/a", [], b"x" * 2048).status == 201
    assert server.request("PUT", "/a", [], b"x" * 2049).status == 413
    server.stop()
    server = start("--config", config, "--max-size", "3KiB", data=server.data,
                   environment={"SLUICE_MAX_SIZE": "2K"})
    assert server.request("PUT", "/a", [], b"x" * 3072).status == 201
    assert server.request("PUT", "/a", [], b"x" * 3073).status == 413


@pytest.mark.parametrize("line", ["no-such-option = 1", "max-size = much", "max-size", "= 5"])
def test_config_file__wrong_line__refused_with_its_place(tmp_path, line):
    config = tmp_path / "sluice.conf"
    config.write_text(f"expires = 1h\n{line}\n")
    code, output = run_tool("serve", "--config", config, "--data", tmp_path / "data")
    assert code > 0 and "2" in output and "sluice.conf" in output


def test_io__as_forced__is_what_the_log_says(start):
    server = start()
    word = {"uring": "uring", "epoll": "epoll"}.get(IO, "uring|epoll")
    assert settled(lambda: re.search(word, server.log()))


@pytest.mark.parametrize("workers", [1, 3])
def test_workers__any_number__serve(start, workers):
    server = start("--workers", workers)
    body = pattern(MIB)
    upload = server.put("w.bin", body)
    for _ in range(8):
        assert server.get(upload.target).body == body


@pytest.mark.workers
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_stop__while_idle__exits_0_at_once(start, name):
    server = start("--grace", "30s")
    with server.connect() as idle, server.connect() as silent:
        assert idle.request("GET", "/healthz").status == 200
        began = time.monotonic()
        server.stop(within=8, with_signal=getattr(signal, name))
        assert time.monotonic() - began < 5 * PATIENCE
        assert idle.is_closed() and silent.is_closed()


@pytest.mark.workers
def test_stop__while_a_download_runs__lets_it_finish_and_takes_no_other(start):
    server = start("--grace", "30s")
    body = pattern(16 * MIB)
    upload = server.put("d.bin", body)
    connection, received = slow_download(server, upload.target)
    server.process.terminate()
    assert settled(lambda: no_answer(server))
    assert server.is_running()
    received += connection.read_exactly(len(body) - len(received))
    assert received == body
    assert connection.is_closed()
    server.await_end()


@pytest.mark.workers
def test_stop__while_an_upload_runs__lets_it_finish_and_keeps_it(start):
    server = start("--grace", "30s")
    body = pattern(2 * MIB)
    with server.connect() as connection:
        connection.send_head("PUT", "/u.bin", [("Content-Length", str(len(body)))])
        connection.send(body[:MIB])
        settled(lambda: False, within=0.2 / PATIENCE)
        server.process.terminate()
        assert settled(lambda: no_answer(server))
        connection.send(body[MIB:])
        upload = uploaded(connection.response())
        assert connection.is_closed()
    server.await_end()
    again = start(data=server.data)
    assert again.get(upload.target).body == body


@pytest.mark.workers
def test_stop__past_the_grace__ends_all_the_same(start):
    server = start("--grace", "1s")
    upload = server.put("d.bin", pattern(16 * MIB))
    connection, _ = slow_download(server, upload.target)
    with server.connect() as sender:
        sender.send_head("PUT", "/u.bin", [("Content-Length", "1000")])
        sender.send(b"x")
        began = time.monotonic()
        server.stop(within=10)
        assert 0.8 < time.monotonic() - began < 8 * PATIENCE
    connection.close()
    again = start(data=server.data)
    assert settled(lambda: len(again.stored()) == 1)


def test_second_process__on_the_same_data_folder__refused_with_a_clear_message(start):
    server = start()
    upload = server.put("first.txt", b"first")
    code, output = run_tool("serve", "--data", server.data, "--listen",
                            f"127.0.0.1:{free_port()}", "--io", IO, timeout=10)
    assert code > 0
    assert str(server.data) in output and re.search(r"in use|already|another|locked", output)
    assert server.get(upload.target).body == b"first"
    server.kill()
    again = start(data=server.data)
    assert again.get(upload.target).body == b"first"


def test_second_process__on_the_same_port__refused_with_a_clear_message(start, tmp_path):
    server = start()
    port = server.address[1]
    code, output = run_tool("serve", "--data", tmp_path / "other", "--listen",
                            f"127.0.0.1:{port}", "--io", IO, timeout=10)
    assert code > 0 and str(port) in output
    assert server.is_healthy()


def test_data_folder__that_cannot_be_made__refused_with_a_clear_message(tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, output = run_tool("serve", "--data", tmp_path / "file" / "data", "--listen",
                            f"127.0.0.1:{free_port()}", "--io", IO, timeout=10)
    assert code > 0 and str(tmp_path / "file" / "data") in output


def test_data_folder__new__is_for_its_owner_only(fresh):
    assert fresh.data.stat().st_mode & 0o077 == 0


def test_descriptors__of_a_low_soft_limit__are_raised(start, tmp_path):
    server = Server(tmp_path / "data")
    server.address = ("127.0.0.1", free_port())
    script = f"ulimit -Sn 64; exec {' '.join(server.command())}"
    process = subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert settled(server.is_healthy)
        held = [server.connect() for _ in range(200)]
        for connection in held:
            assert connection.request("GET", "/healthz").status == 200
        for connection in held:
            connection.close()
    finally:
        process.terminate()
        assert process.wait(15 * PATIENCE) == 0


def test_terminated_reader__of_standard_error__does_not_end_the_server(tmp_path):
    server = Server(tmp_path / "data")
    server.address = ("127.0.0.1", free_port())
    reading, writing = os.pipe()
    process = subprocess.Popen(server.command(), stdin=subprocess.DEVNULL, stdout=writing,
                               stderr=writing)
    os.close(writing)
    try:
        assert settled(server.is_healthy)
        os.close(reading)
        for _ in range(5):
            assert server.get("/healthz").status == 200
    finally:
        process.terminate()
        assert process.wait(15 * PATIENCE) == 0


def test_binary__needs_no_shell_and_no_home(tmp_path):
    server = Server(tmp_path / "data")
    server.address = ("127.0.0.1", free_port())
    process = subprocess.Popen(server.command(), stdin=subprocess.DEVNULL, env={},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        assert settled(server.is_healthy), BINARY
    finally:
        process.terminate()
        assert process.wait(15 * PATIENCE) == 0
