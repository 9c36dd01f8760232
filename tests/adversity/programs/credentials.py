"""Draw, change credentials or confine the thread, and draw again: test_credentials.py runs this.

sys.argv: the name of a function here, the start mode, and the function's arguments. Prints what it found as JSON."""

import ctypes
import errno
import json
import os
import platform
import struct
import sys
import threading

import confine

import gorandom

libc = ctypes.CDLL(None, use_errno=True)
name, start, *arguments = sys.argv[1:]
tokens = []


def call(number, *arguments):
    r = libc.syscall(number, *arguments)
    return r if r >= 0 else -ctypes.get_errno()


def threads():
    """{thread: its lines of status}, this thread first."""
    found = {}
    for task in sorted(map(int, os.listdir("/proc/self/task"))):
        with open(f"/proc/self/task/{task}/status") as f:
            found[task] = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    return found


def field(name, of):
    """The values of a field in this thread, and in the others."""
    all = threads()
    return of(all.pop(threading.get_native_id())[name]), sorted({of(t[name]) for t in all.values()})


def draws():
    buffer = bytearray(300_000)
    gorandom.fill(buffer)
    gorandom.reseed()
    gorandom.add_event(b"x")
    tokens.extend([bytes(buffer[:16]), bytes(buffer[-16:]), gorandom.get_random_bytes(16), gorandom.urandom(16)])
    thread = threading.Thread(target=lambda: tokens.append(gorandom.get_random_bytes(16)))
    thread.start()
    thread.join()
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        gorandom.fill(buffer)
        os.write(w, bytes(buffer[:16]))
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    tokens.append(os.read(r, 16))


def sound():
    return len(tokens) == len(set(tokens)) and not any(t.count(0) >= 8 for t in tokens)


def report(**more):
    draws()
    assert sound()
    print(json.dumps(dict(more, mode=gorandom.status().mode, others=len(threads()) - 1)))


def setuid():
    os.setgroups([])
    os.setresgid(65533, 65533, 65533)
    os.setresuid(65533, 65533, 65533)
    uid, others = field("Uid", lambda v: tuple(v.split()))
    gid, other_gids = field("Gid", lambda v: tuple(v.split()))
    _, capabilities = field("CapEff", lambda v: int(v, 16))
    report(uid=uid, gid=gid, uids=others, gids=other_gids, capabilities=capabilities)


def setuid_past_the_c_library():
    number = {"x86_64": 117, "aarch64": 147}[platform.machine()]
    assert call(number, 65533, 65533, 65533) == 0
    uid, others = field("Uid", lambda v: v.split()[1])
    report(uid=uid, others_uid=others)


def capset():
    number = {"x86_64": 126, "aarch64": 91}[platform.machine()]
    header = ctypes.create_string_buffer(struct.pack("<Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(bytes(24))
    assert call(number, header, nothing) == 0
    confine.limit("MEMLOCK", 0)
    mine, others = field("CapEff", lambda v: int(v, 16) != 0)
    report(mine=mine, others_have=others)


def seccomp(way):
    number = confine.CALLS[platform.machine()]["getrandom"]
    program = [(confine.LOAD, 0, 0, 0), (confine.JUMP_EQUAL, 0, 1, number),
               (confine.ANSWER, 0, 0, 0x00050000 | errno.EPERM), (confine.ANSWER, 0, 0, confine.ALLOW)]  # fmt: skip
    confine.filter_calls(program, way == "all threads")
    mine, others = field("Seccomp", int)
    report(mine=mine, filtered=others)


def seccomp_of_a_thread_and_a_new_core():
    confine.refuse("clone3", errno.EPERM)
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        gorandom.fill(bytearray(2_000_000))
        os.write(w, gorandom.status().reason.encode())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    reason = os.read(r, 4096).decode()
    gorandom.fill(bytearray(300_000))
    number = len(threads()) - 1
    print(json.dumps({"reason": reason, "mode": gorandom.status().mode, "others": number}))


def restrict_files():
    """Forbid this thread to open anything in the file system for reading from now on."""
    READ_FILE, READ_DIR = 4, 8
    attr = ctypes.create_string_buffer(struct.pack("<Q", READ_FILE | READ_DIR))
    fd = call(444, attr, 8, 0)
    if fd < 0:
        print(json.dumps({"refused": os.strerror(-fd)}))
        sys.exit()
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert call(446, fd, 0) == 0
    os.close(fd)


def landlock(getrandom):
    gorandom.status(), len(threads())
    restrict_files()
    try:
        open("/dev/urandom", "rb").close()
        shut = False
    except PermissionError:
        shut = True
    errors, reseed = [], 0
    if int(getrandom):
        draws()
    else:
        confine.refuse("getrandom", errno.EPERM)
        for _ in range(40):
            try:
                tokens.append(gorandom.get_random_bytes(1000)[:16])
                tokens.append(gorandom.get_random_bytes(300_000)[:16])
            except OSError as e:
                errors.append(e.errno)
        try:
            gorandom.reseed()
        except OSError as e:
            reseed = e.errno
        for _ in range(64):
            gorandom.add_event(bytes(32))  # two events for each pool, so that a reseed is due
        while reseed and gorandom.status().mode == "core" and gorandom.status().failed_reseeds < 2:
            tokens.append(gorandom.get_random_bytes(300_000)[:16])
    assert sound()
    found = {"shut": shut, "errors": sorted(set(errors)), "reseed": reseed, "tokens": len(tokens)}
    print(json.dumps(found | {"mode": gorandom.status().mode}))


def unshare(flag):
    result = libc.unshare(int(flag))
    report(error=0 if result == 0 else ctypes.get_errno())


unshare_before_the_first_draw = unshare


def unshare_others(flag):
    flag = int(flag)
    names = {0x20000: "mnt", 0x40000000: "net", 0x08000000: "ipc"}
    assert libc.unshare(flag) == 0, os.strerror(ctypes.get_errno())
    links = {os.readlink(f"/proc/self/task/{t}/ns/{names[flag]}") for t in threads()}
    report(spaces=len(links))


if start == "never":
    gorandom.configure(start="never")
if name != "unshare_before_the_first_draw":
    tokens.append(gorandom.get_random_bytes(16))
str(gorandom.status())  # its imports, while files can be read
globals()[name](*arguments)
