"""Replace functions of libraries, safely and so that it can be undone."""
