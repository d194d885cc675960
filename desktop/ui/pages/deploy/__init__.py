"""Deploy: bring a build to an environment, watch it, take it back."""
