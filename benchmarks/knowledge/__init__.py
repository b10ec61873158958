"""What it costs to store chunks and to find them, beside the client of each vector database."""
