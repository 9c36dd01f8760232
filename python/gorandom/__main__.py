"""``python -m gorandom``: gorandom from the command line."""

import argparse
import sys

from ._cli import checks, draw, hmac


def _add_run(commands):
    parser = commands.add_parser(
        "run",
        usage="python -m gorandom run [-m] PROGRAM [ARGUMENT ...]",
        help="run a Python program with gorandom as its Crypto.Random",
        description="Runs PROGRAM as python would: a file, a pipe, - for standard input, a folder or archive with a "
        "__main__.py, or with -m a module. What it imports as Crypto.Random is gorandom, in its multiprocessing workers and the "
        "Python programs that it starts, too: a folder of gorandom stands first in PYTHONPATH for them.",
    )
    # _cli.run reads the arguments itself, because argparse would treat the program's options as its own.
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="PROGRAM")
    parser.set_defaults(function=_run, parser=parser)


def _run(options):
    from ._cli import run as runner

    module, arguments = False, options.arguments[1:]  # the first is main()'s "--"
    if arguments[:1] == ["-m"]:
        module, arguments = True, arguments[1:]
    elif arguments[:1] and len(arguments[0]) > 2 and arguments[0].startswith("-m"):
        module, arguments = True, [arguments[0][2:], *arguments[1:]]
    elif arguments[:1] == ["--"]:
        arguments = arguments[1:]
    elif arguments[:1] and arguments[0].startswith("-") and arguments[0] != "-":
        options.parser.error(f"unknown option {arguments[0]}: the program's own come after its name")
    if not arguments:
        options.parser.error("a program is missing")
    return runner.run_module(*arguments) if module else runner.run_file(*arguments)


# Each adds subcommands, whose default ``function`` takes the parsed options and returns the exit status.
COMMANDS = [draw.add_commands, hmac.add_commands, checks.add_commands, _add_run]


def make_parser():
    """Return the parser of all commands. The documentation's page of commands is generated from it."""
    parser = argparse.ArgumentParser(prog="python -m gorandom", description="Random bytes that never repeat after a fork.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


def main(argv=None):
    """Run a command line, by default this process's own without the program's name, and return the exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    parser = make_parser()
    if argv[:1] == ["run"] and argv[1:2] not in (["-h"], ["--help"]):
        argv.insert(1, "--")  # nothing after it is an option of ours
    options = parser.parse_args(argv)
    return options.function(options)


if __name__ == "__main__":
    sys.exit(main())
