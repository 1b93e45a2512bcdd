"""Python imports this when it starts: so do those that the tests start."""

from stand_in import stand_in

stand_in()
