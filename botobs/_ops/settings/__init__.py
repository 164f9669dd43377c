"""The settings of a stack, for its operator."""
