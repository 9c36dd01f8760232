"""Subcommands of ``python -m gorandom`` that try this installation: selftest and bench."""

from .common import guarded, stdout


def _selftest(options):
    from . import tables  # imports a lot, which would slow the other commands

    return tables.selftest(stdout())


def _bench(options):
    from . import tables

    return tables.bench(stdout(), options.quick)


def add_commands(subparsers):
    """Add the commands, like ``draw.add_commands``. Status 1 if a check of selftest failed."""
    command = subparsers.add_parser(
        "selftest",
        help="check this installation: its files, algorithms, forks",
        description="Checks this installation in about a second: published vectors of every algorithm and of every AES "
        "kernel that this processor has, the package's files against RECORD (this finds damage, not an attacker), "
        "forks, threads and start modes, and a seed file in a folder of its own. Prints a row for each check. What this "
        "system does not offer is \"not here\", with the reason; that is no failure. Status 1: a check failed.",
    )
    command.set_defaults(function=guarded(_selftest), command="selftest")
    command = subparsers.add_parser(
        "bench",
        help="compare the speed with the standard library's",
        description="Compares, in about three seconds, the time of calls with that of the functions of this interpreter's "
        "standard library that they replace. The two take turns. The ratio is the median of the rounds, with the least "
        "and the greatest in brackets. This is a first look: make bench, in a clone, measures with more care.",
    )
    command.add_argument("--quick", action="store_true", help="take a third of a second only")
    command.set_defaults(function=guarded(_bench), command="bench")
