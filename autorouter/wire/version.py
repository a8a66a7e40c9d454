"""Which version of the program this is."""

from importlib import metadata


def version() -> str:
    """The program's version; ``0+source`` where it runs from a checkout that is not installed."""
    try:
        return metadata.version("autorouter")
    except metadata.PackageNotFoundError:
        return "0+source"
