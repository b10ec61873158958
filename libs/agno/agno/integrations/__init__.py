"""Other programs with agents in them."""
