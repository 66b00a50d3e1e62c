"""Generates the Grafana dashboards. What is committed under `dashboards/` is what this makes.

`python -m grafana.render` writes the files, `python -m grafana.render --check` fails when they differ.
Titles, units and explanations come from the KPI declarations.
"""
