"""New project: templates, answers, and a preview in memory of what would be written."""
