"""A router that sends each client to the region that will start answering it first."""
