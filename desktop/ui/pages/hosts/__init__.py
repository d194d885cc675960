"""Hosts: every server by environment, what it is and carries; adding and importing them."""
