"""A believable call centre: the same seed and start give the same events, byte for byte."""

from streams.simulate.centre import Centre, Team, centre_of, default_centre
from streams.simulate.run import live, simulate

__all__ = ["Centre", "Team", "centre_of", "default_centre", "live", "simulate"]
