"""How a process forks, ends and is distinguished from another with the same id."""
