"""The shell: the few long-lived objects that give the core's decisions time, waiting and an engine."""
