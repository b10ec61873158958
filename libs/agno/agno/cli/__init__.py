"""The `agno` command."""
