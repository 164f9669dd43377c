"""What the stack consists of."""
