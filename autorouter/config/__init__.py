"""regions.yaml → a `Catalog`, or an error that names file, line, field, what was found and what was expected.

`document` reads YAML without its surprises, `shape` says what the file may hold, `load` turns one into the other.
"""

from autorouter.config.errors import ConfigError
from autorouter.config.load import load, parse

__all__ = ["ConfigError", "load", "parse"]
