"""For ARM64, on Linux and on macOS."""

from tests.integration.machines.cross import built

test_it_is_built = built("intake")
