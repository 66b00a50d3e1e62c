"""`python -m streams.local.install`: what `make install` does beside the Python environment."""

import sys

from streams.local import jars
from streams.local.broker import BrokerFailed, make_archive


def main() -> int:
    """Fetch Kafka's jars and make its start quick, each once; the exit code."""
    try:
        jars.ensure()
        make_archive()
    except (jars.MissingTool, BrokerFailed) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
