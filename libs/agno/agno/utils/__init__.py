"""Small helpers without an opinion."""
