"""The page that shows and runs the set-up of one server."""
