"""Every job, in one place, on any page."""
