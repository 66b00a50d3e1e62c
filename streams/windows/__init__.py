"""PURE: minute panes, their histograms, rolling windows over them, and open items."""
