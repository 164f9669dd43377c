"""A Kubernetes cluster of a test's own: nodes as namespaces of this machine, and what keeps them."""
