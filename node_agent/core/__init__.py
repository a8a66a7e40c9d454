"""What the agent decides, as pure functions of values: no clock, no waiting, no log, no framework."""
