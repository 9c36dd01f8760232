"""The system calls that the library makes, as recorded over all phases, and the errors that section 2 of the manual pages
(man-pages 6.03) lists for each. EPERM and ENOSYS are added everywhere, because seccomp filters answer with them.

Two calls are not here. brk does not fail with an errno (limits refuse it: test_limits.py). Without futex neither the C
library nor Go can continue (both end the process, because no thread of any program can wait)."""

import errno
import os
import time

import faults
from phases import PHASES

FILTERED = "EPERM ENOSYS "

ERRORS = {
    "clock_nanosleep": "EFAULT EINTR EINVAL ENOTSUP",
    "clone": "EAGAIN EEXIST EINVAL ENOMEM ENOSPC EUSERS EBUSY",
    "clone3": "EAGAIN EBUSY EEXIST EINVAL ENOMEM ENOSPC EOPNOTSUPP EUSERS EACCES",
    "close": "EBADF EINTR EIO ENOSPC EDQUOT",
    "fchmod": "EBADF EACCES EFAULT EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EROFS",
    "fcntl": "EACCES EAGAIN EBADF EBUSY EFAULT EINTR EINVAL EMFILE",
    "flock": "EBADF EINTR EINVAL ENOLCK EWOULDBLOCK",
    "fstat": "EACCES EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW",
    "fsync": "EBADF EINTR EIO ENOSPC EROFS EINVAL EDQUOT",
    "getdents64": "EBADF EFAULT EINVAL ENOENT ENOTDIR",
    "geteuid": "",
    "getpid": "",
    "getrandom": "EAGAIN EFAULT EINTR EINVAL EIO",
    "gettid": "",
    "ioctl": "EBADF EFAULT EINVAL ENOTTY",
    "lseek": "EBADF EINVAL ENXIO EOVERFLOW ESPIPE",
    "madvise": "EACCES EAGAIN EBADF EBUSY EINVAL EIO ENOMEM",
    "mlock": "ENOMEM EAGAIN EINVAL",
    "mmap": "EACCES EAGAIN EBADF EEXIST EINVAL ENFILE ENODEV ENOMEM EOVERFLOW ETXTBSY",
    "mprotect": "EACCES EINVAL ENOMEM",
    "munmap": "EINVAL ENOMEM",
    "nanosleep": "EFAULT EINTR EINVAL",
    "newfstatat": "EACCES EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EOVERFLOW",
    "openat": "EACCES EBADF EBUSY EDQUOT EEXIST EFAULT EFBIG EINTR EINVAL EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENODEV ENOENT "
    "ENOMEM ENOSPC ENOTDIR ENXIO EOPNOTSUPP EOVERFLOW EROFS ETXTBSY EWOULDBLOCK",
    "poll": "EFAULT EINTR EINVAL ENOMEM",
    "ppoll": "EFAULT EINTR EINVAL ENOMEM",
    "prctl": "EACCES EBADF EBUSY EFAULT EINVAL ENODEV ENXIO EOPNOTSUPP EOVERFLOW",
    "pread64": "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR ENXIO EOVERFLOW ESPIPE",
    "prlimit64": "EFAULT EINVAL ESRCH",
    "read": "EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR",
    "renameat": "EACCES EBADF EBUSY EDQUOT EINVAL EFAULT EISDIR ELOOP EMLINK ENAMETOOLONG ENOENT ENOMEM ENOSPC ENOTDIR ENOTEMPTY EEXIST "
    "EROFS EXDEV",
    "rseq": "EINVAL EBUSY EFAULT",
    "rt_sigaction": "EFAULT EINVAL",
    "rt_sigprocmask": "EFAULT EINVAL",
    "sched_getaffinity": "EFAULT EINVAL ESRCH",
    "sched_yield": "",
    "set_robust_list": "EINVAL",
    "sigaltstack": "EFAULT EINVAL ENOMEM",
    "unlinkat": "EACCES EBADF EBUSY EFAULT EINVAL EIO EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EROFS",
    "write": "EAGAIN EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG EINTR EINVAL EIO ENOSPC EPIPE",
}
# For calls that are tried one by one: the error that a full or a confined system gives.
TELLING = {"openat": "EMFILE", "getrandom": "ENOSYS", "write": "ENOSPC", "fsync": "EIO", "read": "EIO"}
# A system refuses these by a filter, for good, so they are not tried one by one. Go and glibc end the process if a
# call is refused that was granted a moment before.
FOR_GOOD = {"rseq", "rt_sigprocmask", "sigaltstack"}
# An answer of a filter that cannot be distinguished from the kernel's own. glibc ends the process at its next thread.
NOT_TRIED = {("rseq", "EINVAL")}
MOST = 60  # calls of a name that are tried one by one; if there are more, this many, evenly spread


def which(call):
    return [getattr(errno, name) for name in (FILTERED + ERRORS[call]).split() if (call, name) not in NOT_TRIED]


def try_call(judge, phase, call, brief):
    """Tries each errno from the phase's beginning on, then one errno at each single call. Returns the number of calls."""
    asked = judge.judge(faults.Case(PHASES[phase], call)).asked
    if not asked:
        return 0
    for error in which(call)[: 1 if brief else None]:
        # No system interrupts a call for ever, so the caller's loop is right.
        judge.judge(faults.Case(PHASES[phase], call, error, 1 if error == errno.EINTR else None))
    if not brief and call not in FOR_GOOD:
        telling = getattr(errno, TELLING.get(call) or (ERRORS[call].split() or ["EPERM"])[-1])
        for nth in range(1, asked + 1, -(-asked // MOST)):
            judge.judge(faults.Case(PHASES[phase], call, telling, nth))
    return asked


def try_all(phase, start, brief=False):
    """Tries all calls of one phase. Prints the outcome, and the calls that it made but the table lacks."""
    os.environ["GORANDOM_START"] = start
    begin = time.monotonic()
    faults.preload()
    judge = faults.Judge()
    # Python's own calls in the fork phase: those by which the test talks to its child and waits for it.
    known = {faults.number(call) for call in [*ERRORS, "brk", "futex", "wait4"]} | faults.OWN
    all_calls = judge.judge(faults.Case(PHASES[phase], None)).by_name
    names = faults.names()
    asked = {call: n for call in ERRORS if faults.number(call) is not None and (n := try_call(judge, phase, call, brief))}
    judge.report(asked=asked, seconds=time.monotonic() - begin, new=[names.get(n, n) for n in all_calls if n not in known])
