"""Where a generator's keys and unborn bytes lie, and where they cannot be found: a core dump, a forked child, swap,
and after the next request nowhere.

The test learns them as nobody else may: it reads the memory of a living process (its child), finds there every AES-256 key
schedule by its shape (FIPS 197, section 5.2, computed here), and then looks for each key, each round key and each ready
byte. Nothing of the library says where they are."""

import shutil

import pytest
from _forks import folder, linux, run
from test_memory import MAPS

pytestmark = linux

# The process that is looked at: does one thing for each line it reads, and says that it has.
SUBJECT = '''
import ctypes, os, sys
import child, gorandom
marker = bytes(range(7, 39))
buffer = bytearray(300_000)
kept = []
for line in iter(sys.stdin.readline, ""):
    word = line.strip()
    if word == "large":
        gorandom.fill(buffer)
    elif word == "small":
        # A prefix of a pool is handed out: what is left is unborn.
        for _ in range(3):
            kept.append(gorandom.get_random_bytes(16))
    elif word == "reseed":
        gorandom.reseed()
    elif word in ("fork", "raw_clone"):
        pid = os.fork() if word == "fork" else child.helper().bare_fork(1, None)
        if pid == 0:
            os.read(int(sys.argv[1]), 1)
            os._exit(0)
        print(pid, flush=True)
        continue
    elif word == "raw_fork_that_draws":
        pid = os.fork()
        if pid == 0:
            gorandom.fill(buffer)
            os.read(int(sys.argv[1]), 1)
            os._exit(0)
        print(pid, flush=True)
        continue
    print(gorandom.status().mode, flush=True)
'''

LOOK = MAPS + '''
import struct, subprocess

def sbox():
    # FIPS 197, section 5.1.1: the inverse in GF(2^8), then the affine map.
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1; q ^= q << 2; q ^= q << 4
        q &= 0xFF
        if q & 0x80: q ^= 0x09
        r = lambda n: ((q << n) | (q >> (8 - n))) & 0xFF
        box[p] = q ^ r(1) ^ r(2) ^ r(3) ^ r(4) ^ 0x63
        if p == 1: break
    box[0] = 0x63
    return box

SBOX = sbox()
assert SBOX[0x53] == 0xED

def expand(key):
    # FIPS 197, section 5.2; Nk is 8.
    w = [key[i : i + 4] for i in range(0, 32, 4)]
    rcon = 1
    for i in range(8, 60):
        t = w[i - 1]
        if i % 8 == 0:
            t = bytes(SBOX[b] for b in t[1:] + t[:1])
            t = bytes([t[0] ^ rcon]) + t[1:]
            rcon <<= 1
        elif i % 8 == 4:
            t = bytes(SBOX[b] for b in t)
        w.append(bytes(a ^ b for a, b in zip(w[i - 8], t)))
    return b"".join(w)

assert expand(bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"))[-16:].hex() \\
    == "fe4890d1e6188d0b046df344706c631e"  # FIPS 197, A.3

class Subject:
    def __init__(self):
        self.read, self.write = os.pipe()
        self.p = subprocess.Popen([sys.executable, "-c", SUBJECT, str(self.read)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True, pass_fds=[self.read])
    def do(self, word):
        self.p.stdin.write(word + "\\n")
        self.p.stdin.flush()
        answer = self.p.stdout.readline().strip()
        assert answer, "it has ended"
        return answer
    def end(self):
        os.close(self.write)
        os.close(self.read)
        self.p.stdin.close()
        assert self.p.wait() == 0

def schedules(of):
    # {place: key schedule} of all in its secret mappings, with the mapping's flags.
    found = {}
    with open(f"/proc/{of}/mem", "rb", buffering=0) as memory:
        for low, high, flags, name, access in mappings(of):
            # Any mark will do, so that each may be missing.
            if "w" not in access or not {"wf", "dc", "dd", "lo"} & set(flags) or high - low > 8 << 20:
                continue
            memory.seek(low)
            data = memory.read(high - low)
            for at in range(0, len(data) - 240, 8):
                if data[at : at + 4] == data[at + 32 : at + 36] or data[at:at+8] == bytes(8):
                    continue
                # The ninth word, as a sieve.
                t = data[at + 28 : at + 32]
                if data[at + 32] != data[at] ^ SBOX[t[1]] ^ 1 or data[at + 33] != data[at + 1] ^ SBOX[t[2]]:
                    continue
                if expand(data[at : at + 32]) == data[at : at + 240]:
                    found[low + at] = (data[at : at + 240], flags)
    return found

def wanted_of(found):
    # The keys, whole and in halves, and every round key: of 16 bytes each.
    return sorted({s[i : i + 16] for s, _ in found.values() for i in range(0, 240, 16)})

def everything(m):
    return True
'''


def look(program, start="auto", *args, **options):
    return run(LOOK + f"SUBJECT = {SUBJECT!r}\n" + program, start, *args, helped=True, timeout=100, **options)


@pytest.mark.parametrize("start", [pytest.param("auto", marks=pytest.mark.fast), "eager"])
def test_a_dump_and_a_child_hold_no_key(start):
    """Neither keys, nor round keys, nor unborn bytes: in the dump of a process that has drawn, in its forked child, in a
    child that no handler saw, and in a child that has started a core of its own where the parent's was. Guards
    MADV_DONTFORK, MADV_WIPEONFORK and MADV_DONTDUMP, and that nothing of a schedule is in any other memory."""
    gcore = shutil.which("gcore") or ""
    result = look(
        """
s = Subject()
s.do("large"), s.do("reseed"), s.do("large"), s.do("small")
pid = s.p.pid
found = schedules(pid)
unborn = []
for _ in range(60):
    pages = pools(pid)
    if pages:
        break
    s.do("small")
unborn = [page[-i:][:16] for page in pages for i in (512, 1024, 2048)]
found = schedules(pid)
wanted = wanted_of(found) + unborn
assert len(found) >= 2, "the test does not find the keys where they are"
result = {"keys": len(found), "unborn": len(unborn), "here": len(search(wanted, secret, pid)),
          "elsewhere": search(wanted, lambda m: not secret(m), pid)}
for how in ("fork", "raw_clone", "raw_fork_that_draws"):
    theirs = int(s.do(how))
    if how == "raw_fork_that_draws":
        while not schedules(theirs):  # until it has a core
            os.sched_yield()
    result[how] = search(wanted, everything, theirs)
assert wanted_of(schedules(pid)) + unborn == wanted, "the subject has drawn meanwhile"
if sys.argv[1]:
    done = subprocess.run([sys.argv[1], "-o", sys.argv[2], str(pid)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    dump = f"{sys.argv[2]}.{pid}"
    result["refused"] = "" if os.path.exists(dump) else done.stderr[-500:]
    if os.path.exists(dump):
        with open(dump, "rb") as f:
            data = f.read()
        os.unlink(dump)
        result["marker"] = bytes(range(7, 39)) in data
        result["dumped"] = sum(w in data for w in wanted)
s.end()
print(json.dumps(result))
""",
        start, gcore, folder() / f"keys-{start}",
    )
    assert result["keys"] >= 2 and result["unborn"] >= 3 and result["here"], "the test does not find the keys where they are"
    assert result["elsewhere"] == []
    assert result["fork"] == result["raw_clone"] == result["raw_fork_that_draws"] == []
    if not gcore or result["refused"]:
        pytest.skip(f"needs gcore, of Debian's gdb, and the right to use it: THE DUMP IS NOT TESTED {result.get('refused', '')}")
    assert result["marker"], "the dump does not hold even an ordinary bytes object"
    assert result["dumped"] == 0


@pytest.mark.parametrize("act", [pytest.param("large", marks=pytest.mark.fast), "reseed"])
def test_the_old_key_is_gone(act):
    """After each request of a generator its key, and all of that key's schedule, are nowhere in the process: not in
    the heap, not on a stack. Guards Generator.rekey, and Schedule.Expand in place."""
    result = look(
        """
s = Subject()
s.do("large"), s.do("large")
pid = s.p.pid
changed, left = 0, []
for _ in range(4):
    before = schedules(pid)
    s.do(sys.argv[1])
    after = schedules(pid)
    old = {place: x for place, x in before.items() if place not in after or after[place][0] != x[0]}
    changed += len(old)
    left += search(wanted_of(old), everything, pid) if old else []
s.end()
print(json.dumps({"keys": len(after), "changed": changed, "left": left}))
""",
        "auto", act,
    )
    assert result["keys"] >= 2 and result["changed"] >= 4
    assert result["left"] == []


@pytest.mark.fast
@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_keys_are_not_swapped(allowed):
    """Every mapping with a key or with unborn bytes is locked (VmFlags lo; Locked is all of it; none is in swap), if the
    limit allows it; if not, there is a core all the same, and status() says it. Guards mlock in record.c and process.c."""
    result = look(
        """
if not int(sys.argv[1]):
    import resource
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    import ctypes
    assert ctypes.CDLL(None).prctl(24, 14, 0, 0, 0) == 0 or os.geteuid()  # PR_CAPBSET_DROP of CAP_IPC_LOCK: exec without it
s = Subject()
s.do("large"), s.do("small")
pid = s.p.pid
places = list(schedules(pid))
pages = {place & ~4095 for place in places}
sizes = {}
with open(f"/proc/{pid}/smaps") as f:
    for line in f:
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if head:
            now = tuple(int(x, 16) for x in head.groups())
            sizes[now] = {}
        else:
            name, value = line.split(":", 1)
            sizes[now][name] = value.split()
of_keys = [m for m in sizes if any(m[0] <= p < m[1] for p in pages)]
result = {"mappings": len(of_keys), "locked": [], "swapped": 0, "flags": []}
for m in of_keys:
    result["locked"].append([int(sizes[m]["Locked"][0]), int(sizes[m]["Size"][0])])
    result["swapped"] += int(sizes[m]["Swap"][0])
    result["flags"].append("lo" in sizes[m]["VmFlags"])
with open(f"/proc/{pid}/status") as f:
    result["VmLck"] = int(re.search(r"VmLck:\\s+(\\d+)", f.read()).group(1))
s.end()
print(json.dumps(result))
""",
        "auto", int(allowed),
    )
    assert result["mappings"] >= 1 and result["swapped"] == 0
    if allowed:
        # On failure: RLIMIT_MEMLOCK may be smaller than the pages that a core locks.
        assert all(result["flags"]) and all(locked == size for locked, size in result["locked"])
        assert result["VmLck"] >= 8
    else:
        assert result["VmLck"] == 0, "the limit of 0 did not hold"
        assert not any(result["flags"])
