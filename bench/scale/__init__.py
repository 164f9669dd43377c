"""How the pipeline grows with bots, services, exchanges and orders: `python -m bench.scale`."""
