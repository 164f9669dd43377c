"""What runs at the operator's: commands, and what they start and read."""
