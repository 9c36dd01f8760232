"""What the subcommands share: messages, standard output, and how a command ends."""

import errno
import os
import sys


def complain(text):
    """Print a message to standard error, if there is one."""
    if sys.stderr is not None:  # print() would use standard output instead
        print(f"gorandom: {text}", file=sys.stderr)


def closed():
    """Return the OSError of a closed descriptor."""
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def stdout():
    """Return sys.stdout. OSError if it is closed, because print() would silently drop its text."""
    if sys.stdout is None:
        raise closed()
    return sys.stdout


def guarded(function):
    """Wrap a function so that a reader that went away, a full disk, no generator and Ctrl-C give an exit status."""

    def run(options):
        try:
            code = function(options)
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
        except BrokenPipeError:
            # Python flushes stdout once more when it ends, and would print an error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 128 + 13  # the status by which a shell reports SIGPIPE
        except KeyboardInterrupt:
            return 128 + 2
        except OSError as error:
            complain(error)
            if sys.stdout is not None:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 1

    return run
