"""Certificates, tokens and passwords of a stack, and HTTP clients that present them."""
