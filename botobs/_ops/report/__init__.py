"""Draws the dashboards into one page, without Grafana."""
