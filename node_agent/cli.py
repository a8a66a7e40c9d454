"""The command line: ``node-agent serve``, ``fetch`` and ``doctor``."""

import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click
import structlog

from autorouter.wire.version import version
from node_agent.core.errors import AgentError, ConfigError


def _option(name: str, *more: Any, **settings: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:  # noqa: ANN401 - click's own
    """An option that the environment can give too: ``--queue-deadline`` is ``NODE_AGENT_QUEUE_DEADLINE``."""
    variable = "NODE_AGENT_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, *more, envvar=variable, show_envvar=True, **settings)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(version(), prog_name="node-agent")
def main() -> None:
    """OpenAI's API in front of a Triton Inference Server, on one node."""


@main.command()
@_option("--region", required=True, help="Region this node is in, such as yto-01.")
@_option("--node", help="Name of the node.  [default: the region's]")
@_option("--host", default="127.0.0.1", help="Address to listen on.")
@_option("--port", type=int, default=8081, help="Port to listen on; 0 takes a free one.")
@_option("--open", is_flag=True, help="Allow an address that other machines can reach, without --keys.")
@_option("--keys", metavar="FILE", help="Keys of clients, read again on SIGHUP.  [default: whoever asks is served]")
@click.option(
    "--jwks",
    metavar="PLACE",
    envvar="AUTOROUTER_JWKS",
    show_envvar=True,
    help="Public keys of tokens: a path or URL.",
)
@_option(
    "--state",
    metavar="DIR",
    help="What outlives the node, its accounts above all.  [default: with keys, in ~/.local]",
)
@_option("--behind-proxy", is_flag=True, help="Connections come from a proxy: measure none, trust none.")
@_option("--model", "models", multiple=True, default=("smollm2-135m-instruct",), help="Model to offer; repeatable.")
@_option("--pin", "pins", multiple=True, help="Model of these that is never unloaded; repeatable.")
@_option("--memory", type=int, metavar="MIB", help="For all models together.  [default: all are loaded, and stay]")
@_option("--catalogue", metavar="FILE", help="Models that may be offered.  [default: the package's own]")
@_option("--slots", type=int, help="Requests served at once, per model.  [default: the catalogue's]")
@_option("--queue", type=int, default=8, help="Requests that may wait for a slot, per model.")
@_option("--queue-deadline", type=float, default=10.0, help="Longest wait for a slot, in seconds.")
@_option("--cache", type=int, default=0, help="MiB of memory for answers that can only be the same again.  [off: 0]")
@_option("--idle-timeout", type=float, default=30.0, help="Seconds without a sign of life before a stream is ended.")
@_option(
    "--triton", metavar="URL", help="gRPC address of a running Triton on this machine.  [default: start the wheel's]"
)
@_option("--allow-unpatched-triton", is_flag=True, help="Allow a Triton older than the security floor (26.06).")
@_option("--engine", default="triton", hidden=True)
def serve(**given: object) -> None:
    """Serve until SIGTERM or Ctrl-C; a second one does not wait for answers under way.

    'autorouter keys mint' makes keys. With --keys or --jwks every client needs one; without either the node is open.

    AUTOROUTER_KEY holds the key that this node and its routers share; of several, with commas between, each counts.
    """
    from node_agent import app, config  # noqa: PLC0415 - so that --help takes 0.1 s and not 1 s

    _run(lambda: app.serve(config.read_options(given)))


@main.command()
@_option("--model", "models", multiple=True, default=("smollm2-135m-instruct",), help="Model to fetch; repeatable.")
@_option("--catalogue", metavar="FILE", help="Models that may be offered.  [default: the package's own]")
def fetch(**given: object) -> None:
    """Fetch the files of models, as `serve` does when they are missing."""
    from node_agent import app, config  # noqa: PLC0415 - as above

    _run(lambda: app.fetch(config.read_options({"region": "any", **given})))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
def doctor(*, as_json: bool, **given: object) -> None:
    """Say what is wrong, and what to do about it, with all that a node needs. Changes nothing.

    Give it the options and the environment of `serve`; an agent may run meanwhile or not. Takes 5 seconds at most.
    Exit code: 0 if nothing is wrong (warnings are not), 1 if something is, 2 if something could not be looked at.
    """
    from node_agent.doctor import screen  # noqa: PLC0415 - as above

    _configure_logs()
    sys.exit(screen.show(given, as_json=as_json))


doctor.params.extend(serve.params)


def _run(start: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end. What the operator must mend is one sentence: exit 2 for an option, 1 for the world."""
    import uvloop  # noqa: PLC0415 - as above

    _configure_logs()
    try:
        uvloop.run(start())
    except AgentError as exc:
        click.echo(f"node-agent: {exc}", err=True)
        sys.exit(2 if isinstance(exc, ConfigError) else 1)


def _configure_logs() -> None:
    """To stderr: a console on a terminal, else one JSON object per line; what libraries log too, from WARNING up."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # else a line of its own kind for each child
    pretty = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    ending: list[structlog.typing.Processor] = (
        [renderer] if pretty else [structlog.processors.format_exc_info, renderer]
    )
    structlog.configure([*shared, *ending], logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *ending]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
