"""What every station may use: errors, words, jobs, plans, commands, processes, secrets, settings, paths.

One module per concept; import from the module that has it (`from desktop.base.jobs import Jobs`).
"""
