"""What people do with alerts: see what fires, try the channels, silence."""
