"""Runs the bots: keeps each one's lifecycle and gives it its turns."""
