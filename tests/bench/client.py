"""What our client adds to a call: httpx by itself and ours in turns, to the same node, in one run.

python -m tests.bench.client [--rounds 20] [--calls 200]
"""

import argparse
import statistics
import subprocess
import sys
import time

import httpx
import httpx2

from autorouter.client import http_client
from tests.client.played import played, route

NODE = """
import socket, sys, threading
BODY = b'{"said": "hello"}'
HEAD = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n"
ANSWER = HEAD % len(BODY) + BODY
def talk(peer):
    while data := peer.recv(65536):
        if b"hello there" in data: peer.sendall(ANSWER)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()
"""
SAID = {"model": "m", "messages": [{"role": "user", "content": "hello there"}]}


def timed(client, url, calls):
    """Milliseconds a call."""
    began = time.perf_counter()
    for _ in range(calls):
        client.post(url, json=SAID)
    return (time.perf_counter() - began) * 1000 / calls


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=20)
    asked.add_argument("--calls", type=int, default=200)
    told = asked.parse_args()
    node = subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{node.stdout.readline().strip()}"
    try:
        with played(lambda handler: handler.tell(route([("yto-01", url)]))) as site:
            for module in (httpx, httpx2):
                with module.Client() as plain, http_client(site.url, using=module.__name__) as ours:
                    report(module.__name__, plain, ours, f"{url}/v1/chat/completions", told)
    finally:
        node.kill()
        node.wait()


def report(name, plain, ours, url, told):
    timed(plain, url, told.calls), timed(ours, url, told.calls)
    rounds = [(timed(plain, url, told.calls), timed(ours, url, told.calls)) for _ in range(told.rounds)]
    before, after = (statistics.median(column) for column in zip(*rounds, strict=True))
    added = statistics.median(b - a for a, b in rounds)
    print(f"{name:8} alone {before:.3f} ms, through ours {after:.3f}: {added:+.3f} ms, {after / before:.2f} times")


if __name__ == "__main__":
    main()
