"""Faults on purpose: each drill breaks one thing and checks that people are notified once, and of its end."""
