"""What the subcommands share: messages, standard output, and how a command ends."""

import errno
import os
import sys


def complain(text):
    """Print a message to standard error, if there is one."""
    if sys.stderr is not None:  # print() would take standard output in its place
        print(f"gorandom: {text}", file=sys.stderr)


def closed():
    """Return the OSError of a closed descriptor."""
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def stdout():
    """Return sys.stdout. OSError if it is closed: print() would drop its text without a word."""
    if sys.stdout is None:
        raise closed()
    return sys.stdout


def guarded(function):
    """Return the function with an exit status for a reader that went away, a full disk, no generator and Ctrl-C."""

    def run(options):
        try:
            code = function(options)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
        except BrokenPipeError:
            # Python flushes stdout once more as it ends, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 128 + 13  # as a shell reports SIGPIPE
        except KeyboardInterrupt:
            return 128 + 2
        except OSError as error:
            complain(error)
            if sys.stdout is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 1

    return run
