"""The view in the terminal: how the call centre stands this second."""

from streams.live.run import run_live
from streams.live.summary import summary

__all__ = ["run_live", "summary"]
