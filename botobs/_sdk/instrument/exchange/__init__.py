"""What is seen of exchanges: calls, limits, the clock, connections, streams and orders, whichever client is used."""
