"""A Windows x64 with CPython and Qt on Debian 12, under Wine: what runs in it is the Windows edition's own code."""
