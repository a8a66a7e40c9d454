"""``python -m node_agent``: the same as the command ``node-agent``."""

from node_agent.cli import main

if __name__ == "__main__":
    main()
