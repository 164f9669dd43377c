"""How a process forks, ends and is told apart from another of the same number."""
