"""A stack as a service of the machine: systemd units and launchd property lists, and notifications to systemd."""
