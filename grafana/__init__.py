"""What Grafana shows, as code: `python -m grafana.generate` writes `dashboards/` from `boards/`."""
