"""The folder of a stack: where it is, how its files are written, and what a running stack publishes."""
