"""A Docker engine, images and a compose project of a test's own."""
