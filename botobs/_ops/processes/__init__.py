"""Start, watch and end the stack's processes."""
