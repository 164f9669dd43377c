"""Additions and measurements, with attributes and bound to them."""

PLAN = {
    "counter_add": 1_000,
    "histogram_record": 1_000,
    "bound_counter_add": 10_000,
    "bound_histogram_record": 10_000,
}
CONTENDERS = ("stock", "botobs", "botobs stock", "botobs disabled")
