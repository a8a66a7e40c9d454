"""Where a stranger's Triton may be."""

import socket

import pytest

from node_agent.core.errors import ConfigError
from node_agent.engines.triton.cage import open_to_others, require_caged


def listening(host, family=socket.AF_INET):
    server = socket.create_server((host, 0), family=family)
    return server, server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10"])
def test_one_that_listens_for_this_machine_alone_is_used(host):
    server, port = listening(host)
    with server:
        for address in (f"{host}:{port}", f"localhost:{port}", f"ipv4:127.0.0.1:{port}", f"dns:///localhost:{port}"):
            require_caged(address)


def test_a_socket_in_the_file_system_is_nobody_elses():
    require_caged("unix:///run/triton.sock")
    require_caged("unix:relative")


@pytest.mark.parametrize(("host", "family"), [("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)])
def test_one_that_listens_for_everyone_is_refused(host, family):
    server, port = listening(host, family)
    with server:
        assert open_to_others(port)
        with pytest.raises(ConfigError, match="others can go past the agent; start it with --grpc-address=127"):
            require_caged(f"127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["10.0.0.7:8001", "triton.example:8001", "[2001:db8::1]:8001", "0.0.0.0:8001"])
def test_one_on_another_machine_is_refused(address):
    with pytest.raises(ConfigError, match="expected a Triton on this machine"):
        require_caged(address)


@pytest.mark.parametrize("address", ["", "8001", "http://127.0.0.1:8001", "127.0.0.1", "127.0.0.1:8001/x", "[::1]"])
def test_what_is_no_address_is_named(address):
    with pytest.raises(ConfigError, match="expected host:port of this machine, or unix:PATH"):
        require_caged(address)


def test_an_ipv6_loopback_is_this_machine():
    require_caged("[::1]:1")
