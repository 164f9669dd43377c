"""What `botobs doctor` checks."""
