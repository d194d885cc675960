"""Real servers on one Linux machine: systemd, OpenSSH, yum and Docker behind the faces of CentOS and its family.

`python -m tests.lab.machine --help` is its command line; `tests/lab/README.md` says what is real and what is not.
"""
