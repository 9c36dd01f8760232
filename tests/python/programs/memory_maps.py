"""Shared by programs of test_memory.py and test_keys.py: mappings, pools, and searches in a process's memory."""

import os
import re

import gorandom


def mappings(of="self"):
    # (low, high, flags, name) for each mapping.
    found = []
    with open(f"/proc/{of}/smaps") as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
            if head:
                low, high, access, name = head.groups()
                found.append([int(low, 16), int(high, 16), (), name, access])
            elif line.startswith("VmFlags:"):
                found[-1][2] = tuple(line.split()[1:])
    return found


def secret(m):
    return ("wf" in m[2] or "dc" in m[2]) and "dd" in m[2]


def absent(m):
    # Is it one of Go's? Only these are not copied by fork.
    return "dc" in m[2] and "dd" in m[2]


def search(wanted, which, of="self"):
    # Names and flags of the mappings that contain one of the wanted strings of bytes.
    found = []
    with open(f"/proc/{of}/mem", "rb", buffering=0) as memory:
        for low, high, flags, name, access in mappings(of):
            if not which((low, high, flags, name)) or "r" not in access or name in ("[vvar]", "[vsyscall]"):
                continue
            at = low
            while at < high:
                try:
                    memory.seek(at)
                    data = memory.read(min(high - at, 1 << 20))
                except (OSError, ValueError, OverflowError):
                    break
                if not data:
                    break
                if any(w in data for w in wanted):
                    found.append([hex(at), name, " ".join(flags)])
                at += len(data)
    return found


def pools(of="self"):
    # The bytes of all pools that are full enough. Pools are separate pages, wiped and undumped.
    pages = []
    with open(os.path.join(os.path.dirname(gorandom.__file__), "libgorandom.core.so"), "rb") as f:
        library = f.read()  # its tables look random too
    with open(f"/proc/{of}/mem", "rb", buffering=0) as memory:
        for m in mappings(of):
            if secret(m) and m[1] - m[0] <= 64 << 20 and "w" in m[4]:
                memory.seek(m[0])
                for _ in range(m[0], m[1], 4096):
                    page = memory.read(4096)
                    # Ready bytes look unlike any other page, because there are hardly any zeros among them.
                    if page[-2048:].count(0) < 32 and not any(page[-i:][:16] in library for i in (512, 1024, 2048)):
                        pages.append(page)
    return pages


def full_pools():
    # A first refill may be small, and a pool may be nearly empty, so draw until there is a full one.
    for _ in range(60):
        gorandom.get_random_bytes(500)
        pages = pools()
        if pages:
            break
    return pages
