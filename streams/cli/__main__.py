"""`python -m streams.cli`: the command of this very environment."""

from streams.cli import main

main(prog_name="salespulse")
