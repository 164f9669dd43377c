"""A trading platform in small: two services that trade, and an exchange that is not real."""
