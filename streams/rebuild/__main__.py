"""The two processes that a rebuild runs: `python -m streams.rebuild fold` and `... store`."""

import logging
import sys

from streams.app import run_rebuilding_sink, run_rebuilding_worker
from streams.settings import Settings
from streams.topics import InternalTopics


def main() -> None:
    """Runs the part that is named, in the epoch of the settings, until SIGTERM."""
    settings = Settings.from_env()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)-7s %(message)s")
    runs = {"fold": run_rebuilding_worker, "store": run_rebuilding_sink}
    part = sys.argv[1]
    del sys.argv[1:]  # Faust reads them too
    runs[part](settings, InternalTopics(settings.epoch, rebuilt=True))


if __name__ == "__main__":
    main()
