"""Database drivers and their pools."""
