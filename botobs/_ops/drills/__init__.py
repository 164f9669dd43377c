"""Faults on purpose: each drill breaks one thing and shows that people are told, once, and told when it is over."""
