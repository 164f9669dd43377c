"""Data sources and dashboards for a Grafana that runs already."""
