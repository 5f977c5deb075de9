"""The servers that are measured: Sluice and nginx, each in a folder of its own, started alike."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

from measure import Trouble, cpu_seconds, raise_descriptor_limit

START_S = 15
STOP_S = 60
GONE_S = 20

NGINX_CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
{user}
events {{
    worker_connections {descriptors};
    use epoll;
}}
http {{
    access_log off;
    server_tokens off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush {nopush};
    tcp_nodelay on;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    reset_timedout_connection on;
    client_max_body_size 0;
    client_body_buffer_size {body_buffer};
    client_body_temp_path {folder}/incoming;
    proxy_temp_path {folder}/unused;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    {extra}
    server {{
        listen 127.0.0.1:{port} reuseport backlog=4096;
        root {folder}/data;
        location / {{
            dav_methods PUT DELETE;
            dav_access user:rw;
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process in the folder given, with its files beneath FOLDER/data."""

    name = ""

    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.port = free_port()
        self.process = self.command = self.ready_path = None

    def start(self, command, ready_path):
        raise_descriptor_limit()
        self.command, self.ready_path = command, ready_path
        with open(os.path.join(self.folder, "output.log"), "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        ends = time.monotonic() + START_S
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                if self.request("GET", ready_path)[0] < 500:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise Trouble(f"{self.name} does not start: {self.last_words()}")

    def restart(self):
        """Starts it again after it was killed."""
        self.start(self.command, self.ready_path)

    def last_words(self):
        with open(os.path.join(self.folder, "output.log"), errors="replace",
                  encoding="utf-8") as log:
            return log.read()[-2000:].strip() or "it says nothing"

    def request(self, method, path, body=None, headers=()):
        """Status, headers and content of one small request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def pids(self):
        """The process and its children."""
        found = [self.process.pid]
        for pid in found:
            try:
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                    found += [int(child) for child in file.read().split()]
            except FileNotFoundError:
                pass
        return found

    def cpu_seconds(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} died: {self.last_words()}")
        return cpu_seconds(self.pids())

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def put_bytes(self, name, content):
        """Stores a small file; returns the path to get it from."""
        status, headers, _ = self.request("PUT", "/" + name, content)
        if status != 201:
            raise Trouble(f"{self.name} answers {status} to a PUT: {self.last_words()}")
        return self.link_path(name, headers.get("Location", ""))

    def put(self, tools, name, size):
        """Stores a file of `size` bytes; returns what loadgen saw, with "path" and "cpu"."""
        before = self.cpu_seconds()
        seen = tools.load("put", port=self.port, path="/" + name, bytes=size)
        seen["cpu"] = self.cpu_seconds() - before
        if seen["status"] != 201:
            raise Trouble(f"{self.name} answers {seen['status']} to a PUT: {self.last_words()}")
        seen["path"] = self.link_path(name, seen["location"])
        return seen

    def get(self, tools, path):
        before = self.cpu_seconds()
        seen = tools.load("get", port=self.port, path=path)
        seen["cpu"] = self.cpu_seconds() - before
        if seen["status"] != 200:
            raise Trouble(f"{self.name} answers {seen['status']} to a GET: {self.last_words()}")
        return seen

    def stored_file(self, size):
        """The file beneath the data folder that has exactly `size` bytes."""
        for folder, _, names in os.walk(self.data):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if os.path.getsize(path) == size:
                        return path
                except FileNotFoundError:
                    pass
        return None

    def link_path(self, name, location):
        raise NotImplementedError

    def delete(self, seen, size):
        """Deletes what put() stored and waits until its bytes are gone from the disk."""
        status, _, _ = self.request("DELETE", seen["path"], headers=self.credentials(seen))
        if status != 204:
            raise Trouble(f"{self.name} answers {status} to a DELETE: {self.last_words()}")
        self.wait_gone(size)

    def wait_gone(self, size):
        ends = time.monotonic() + GONE_S
        while self.stored_file(size) is not None:
            if time.monotonic() > ends:
                raise Trouble(f"{self.name} keeps the bytes of a deleted file")
            time.sleep(0.05)

    def terminate(self, path, size):
        """Takes a tus upload back and waits until its bytes are gone from the disk."""
        status, _, _ = self.request("DELETE", path, headers={"Tus-Resumable": "1.0.0"})
        if status != 204:
            raise Trouble(f"{self.name} answers {status} to a termination: {self.last_words()}")
        self.wait_gone(size)

    def credentials(self, _seen):
        return {}


class Sluice(Server):
    name = "sluice"

    def __init__(self, folder, options, *flags):
        super().__init__(folder)
        os.makedirs(self.data)
        self.start([options.binary, "serve", "--listen", f"127.0.0.1:{self.port}",
                    "--data", self.data, "--workers", str(options.workers), "--io", options.io,
                    "--access-log", "off", *flags], "/healthz")

    def link_path(self, name, location):
        return urllib.parse.urlsplit(location).path

    def credentials(self, seen):
        return {"Authorization": f"Bearer {seen['key']}"}


class Nginx(Server):
    name = "nginx"

    def __init__(self, folder, options, *, nopush="on", body_buffer="16k", extra=""):
        super().__init__(folder)
        for name in ("data", "incoming", "unused"):
            os.makedirs(os.path.join(folder, name))
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(NGINX_CONFIG.format(
                folder=folder, port=self.port, workers=options.workers, nopush=nopush,
                body_buffer=body_buffer, extra=extra, descriptors=raise_descriptor_limit(),
                user="user root;" if os.geteuid() == 0 else ""))
        self.start(["nginx", "-p", folder, "-c", config, "-e", f"{folder}/error.log"], "/")

    def link_path(self, name, location):
        return "/" + name


class Tusd(Server):
    name = "tusd"

    def __init__(self, folder, _options, binary):
        super().__init__(folder)
        os.makedirs(self.data)
        self.start([binary, "-host", "127.0.0.1", "-port", str(self.port), "-upload-dir", self.data,
                    "-base-path", "/files/", "-show-greeting=false", "-verbose=false"], "/metrics")

    def link_path(self, name, location):
        return urllib.parse.urlsplit(location).path
