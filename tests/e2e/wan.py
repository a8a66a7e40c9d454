"""A wide-area network on one machine: hosts with addresses of their own, and real delays between them.

Each host is a network namespace whose only way out is a TUN device. The test's own event loop reads what comes out
of one and writes it into another after the delay of the path, so every handshake of every kernel takes what it would
take out there. Needs root.
"""

import asyncio
import fcntl
import ipaddress
import os
import struct
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which

TUN = Path("/dev/net/tun")
SET_INTERFACE = 0x400454CA  # TUNSETIFF
TUN_PLAIN = 0x0001 | 0x1000  # IFF_TUN | IFF_NO_PI: bare packets


def why_not():
    """What is missing here; empty if nothing is."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if which("ip") is None:
        return "there is no ip command (Debian: iproute2)"
    return "" if os.access(TUN, os.R_OK | os.W_OK) else f"{TUN} is not there, or not for us"


class Wan:
    """Hosts, and the round trips between them in ms; what is not named takes none."""

    def __init__(self, hosts, rtts):
        self.hosts = hosts
        self.rtts = rtts
        self._devices = {}
        self._name_of = {ipaddress.ip_address(address).packed: name for name, address in hosts.items()}
        self._loop = asyncio.get_running_loop()

    def space(self, name):
        """The network namespace of host *name*; no other test run has it."""
        return f"wan{os.getpid()}-{name}"

    def command(self, name, *words):
        """*words* as a command that runs on host *name*."""
        return ("ip", "netns", "exec", self.space(name), *map(str, words))

    async def up(self):
        for number, (name, address) in enumerate(self.hosts.items()):
            space, device = self.space(name), f"w{os.getpid() % 100_000}x{number}"
            await sh("ip", "netns", "add", space)
            self._devices[name] = self._open(device)
            await sh("ip", "link", "set", device, "netns", space)
            for line in (f"addr add {address}/32 dev {device}", f"link set {device} up", "link set lo up"):
                await sh("ip", "-n", space, *line.split())
            await sh("ip", "-n", space, "route", "add", "default", "dev", device)

    async def down(self):
        for name, device in self._devices.items():
            self._loop.remove_reader(device)
            os.close(device)
            await sh("ip", "netns", "delete", self.space(name))

    def _open(self, device):
        opened = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(opened, SET_INTERFACE, struct.pack("16sH22x", device.encode(), TUN_PLAIN))
        self._loop.add_reader(opened, self._carry, opened)
        return opened

    def _carry(self, device):
        """Take what a host sends, and hand it over when it is due."""
        with suppress(BlockingIOError):
            while True:
                packet = os.read(device, 65_536)
                here, there = (self._name_of.get(packet[at : at + 4]) for at in (12, 16))
                if here and there:
                    rtt = self.rtts.get((here, there), self.rtts.get((there, here), 0.0))
                    self._loop.call_later(rtt / 2000, self._deliver, self._devices[there], packet)

    def _deliver(self, device, packet):
        with suppress(OSError):  # a host may be gone
            os.write(device, packet)


@asynccontextmanager
async def wan(hosts, rtts):
    """A network of *hosts*, name → IPv4 address, with the round trips *rtts*, (name, name) → ms."""
    network = Wan(hosts, rtts)
    try:
        await network.up()
        yield network
    finally:
        await network.down()


async def sh(*words):
    """Run a command to its end; its output."""
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (words, err.decode())
    return out
