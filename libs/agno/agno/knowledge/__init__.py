"""What agents can look up: reading content, cutting it into chunks, storing and searching them."""
