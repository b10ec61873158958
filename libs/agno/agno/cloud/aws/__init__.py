"""Small helpers for AWS."""
