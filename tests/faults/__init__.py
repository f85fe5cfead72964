"""Faults at every call that changes a file, power losses, and a judge of what they leave."""
