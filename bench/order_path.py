"""An order's path: two spans, two additions, two measurements."""

PLAN = {"order_path": 300}
CONTENDERS = ("stock", "botobs", "botobs stock")
