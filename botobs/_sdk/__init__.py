"""What runs inside a service. Never imports the operator's wing."""
