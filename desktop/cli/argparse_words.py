"""argparse's own words in the language in force: it asks gettext for them, which has no Chinese of them."""

from __future__ import annotations

import argparse

from desktop.base.words import tr


def speak() -> None:
    """From now on argparse says its sentences as the rest of the program does; one that is not known stays as it is."""
    known = {
        "usage: ": tr("usage: "),
        "options": tr("options"),
        "positional arguments": tr("positional arguments"),
        "show this help message and exit": tr("show this help message and exit"),
        "show program's version number and exit": tr("show program's version number and exit"),
        "the following arguments are required: %s": tr("the following arguments are required: %s"),
        "unrecognized arguments: %s": tr("unrecognized arguments: %s"),
        "argument %(argument_name)s: %(message)s": tr("argument %(argument_name)s: %(message)s"),
        "expected one argument": tr("expected one argument"),
        "expected at least one argument": tr("expected at least one argument"),
        "not allowed with argument %s": tr("not allowed with argument %s"),
        "one of the arguments %s is required": tr("one of the arguments %s is required"),
        "invalid %(type)s value: %(value)r": tr("invalid %(type)s value: %(value)r"),
        "invalid choice: %(value)r (choose from %(choices)s)": tr(
            "invalid choice: %(value)r (choose from %(choices)s)"
        ),
    }
    vars(argparse)["_"] = lambda text: known.get(text, text)
