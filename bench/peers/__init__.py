"""One job done by stream engines in turn, this project's among them; `python -m bench.peers` runs it."""
