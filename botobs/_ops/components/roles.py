"""The roles and databases of the stack's own PostgreSQL."""

EXPORTER_ROLE = "exporter"
DEMO_ROLE = "demo"
DEMO_DATABASE = "trading"
