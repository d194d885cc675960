"""Build: from source to binaries and images, with errors that lead to the line."""
