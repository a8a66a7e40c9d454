"""``python -m autorouter``: the same as the ``autorouter`` command."""

from autorouter.cli import main

main()
