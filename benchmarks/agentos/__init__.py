"""What a request to AgentOS costs, beside bare routes that return the same bytes."""
