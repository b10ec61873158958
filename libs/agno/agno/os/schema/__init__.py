"""The shapes of responses, one file per resource."""
