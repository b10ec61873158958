"""Small helpers for clouds."""
