"""Decides, checks the risk and places the orders of the bots."""
