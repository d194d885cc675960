"""Projects: where everything stands, and the next thing to start."""
