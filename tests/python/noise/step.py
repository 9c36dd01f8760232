"""The program of test_reentrancy.py: interrupts the draws of one case at each of their instructions (step.c)."""

import ctypes
import errno
import json
import os
import random
import sys

FORK, CLONE, CHILD, PARENT = 1, 2, 4, 8
ACTIONS = {  # what the handler does; does it draw the pool empty? does another one come later?
    "fork": (FORK, False, False),
    "fork, child draws": (FORK | CHILD, False, False),
    "fork, child draws much": (FORK | CHILD, True, False),
    "fork, both draw": (FORK | CHILD | PARENT, False, False),
    "fork, child draws, both draw": (FORK | CHILD, False, True),
    "clone, child draws": (CLONE | CHILD, False, False),
    "clone, both draw": (CLONE | CHILD | PARENT, False, False),
    "draw": (PARENT, False, False),
    "draw much": (PARENT, True, False),
    "draw, draw": (PARENT, False, True),
}
POOL = 3776
NUMPY = 512  # bytes of a generator's first refill
TAIL = 150  # instructions: those of a draw from a warm pool, with which a refilling one ends too
OUTWARDS = 60  # instructions that may follow the last at which a draw can notice a fork
APART = 60  # instructions between two handlers, at most
CLONED = 750  # more than a raw clone's first draw takes to empty its pool by hand


class Case:
    """Draws of size bytes, from the thread's pool, or a new bit generator, in this state."""

    def __init__(self, library, state, size):
        self.c, self.libc = ctypes.CDLL(library), ctypes.CDLL(None)
        if self.c.step_start():
            raise PermissionError("no process for the tracer")
        import gorandom._openssl

        self.gorandom = gorandom
        assert gorandom._openssl.activate(library) is None
        self.size, self.state, self.numpy = size, state.removeprefix("numpy "), state.startswith("numpy ")
        self.c.step_path.restype = ctypes.POINTER(ctypes.c_uint64)
        self.held = ctypes.c_int.in_dll(self.c, "step_held")
        self.text = (ctypes.c_char * 256).in_dll(self.c, "step_text")

    def prepare(self):
        ready, piece = (NUMPY, 8) if self.numpy else (POOL, 16)
        left = {"warm": ready - piece, "end": piece, "empty": 0, "stale": ready - piece, "first": ready}[self.state]
        if self.numpy:
            self.generator = self.gorandom.BitGenerator()
            functions = self.generator.ctypes
            self.c.step_numpy(functions.next_uint64, functions.state)
        elif self.state == "first":
            left = ready - piece  # of this thread, which is not the one that is stepped
        else:
            self.gorandom.reseed()
        self.c.step_draw(piece, (ready - left) // piece)
        if self.state == "stale":
            self.gorandom.reseed()

    def step(self, address=0, hits=0, steps=0, second=0, what=PARENT, much=False):
        """Did the draw come there? In one second of the clock: what is ready is stale in the next."""
        draws = ((8, 100) if self.numpy else (1016, 5)) if much else (self.size, 1)
        later = 2000 if self.state == "end" else 100
        in_thread = self.state == "first" and not self.numpy
        while True:
            now = self.libc.time(None)
            self.prepare()
            done = self.c.step(ctypes.c_uint64(address), hits, steps, second, what, self.size, *draws, later, in_thread)
            if done < 0:
                raise PermissionError(f"ptrace: {errno.errorcode[-done]}")
            if self.libc.time(None) == now:
                return done

    def path(self):
        """The addresses of the draw's instructions. Before, refills come to be of a whole pool."""
        self.c.step_draw(1016, 8)
        for _ in range(3):
            self.step()
        length = ctypes.c_int()
        path = self.c.step_path(ctypes.byref(length))
        return path[: length.value]


def place(path, k):
    """Where and when the k-th instruction is: an address, how many times it is reached until then, and how many steps
    are left to do. A rep instruction counts once for each of its rounds, in one of which a breakpoint stops."""
    begin = k
    while begin and path[begin - 1] == path[k]:
        begin -= 1
    hits = sum(path[i] == path[k] and (i == 0 or path[i - 1] != path[k]) for i in range(begin + 1))
    return path[begin], hits, k - begin


def positions(path, most):
    """All, or most at random, two of three of them at the end. Of a loop's rounds eight, others each time."""
    times = {}
    for k, address in enumerate(path):
        times.setdefault(address, []).append(k)
    all = sorted(k for ks in times.values() for k in random.sample(ks, min(len(ks), 8)))
    if not most:
        return all
    early, late = all[:-TAIL], all[-TAIL:]
    return sorted(random.sample(early, min(len(early), most // 3)) + random.sample(late, min(len(late), most * 2 // 3)))


def main(library, state, size, most, *only):
    try:
        case = Case(library, state, int(size))
        path = case.path()
    except PermissionError as e:
        return {"refused": str(e)}
    results, end = {}, len(path)
    honest = 0  # from here on both processes hold the bytes, and neither looks any more
    for name, (what, much, again) in ACTIONS.items():
        if only and name not in only:
            continue
        wrong, held, reached = [], [], 0
        chosen = positions(path, int(most))
        if name == "fork":
            chosen = sorted({*chosen, *range(max(0, end - OUTWARDS), end)})
        for k in chosen:
            if not case.step(*place(path, k), random.randint(1, APART) if again else 0, what, much):
                continue
            reached += 1
            here = f"{k} of {end}, {name_of(path[k])}: "
            if case.text.value:
                wrong.append(here + case.text.value.decode())
            if case.held.value:
                held.append(k)
                if k < honest:
                    wrong.append(here + "parent and child get the same bytes from it; without a draw in the handler they get different ones")
                elif k < end - OUTWARDS:
                    wrong.append(here + f"parent and child get the same bytes, more than {OUTWARDS} instructions before its end")
            elif held and held[-1] >= honest and not case.text.value:
                wrong.append(here + f"parent and child get other bytes from it, but the same ones earlier, at {held[-1]}")
        if name == "fork":
            honest = min(held, default=end)
        results[name] = {"chosen": len(chosen), "reached": reached, "held": len(held), "wrong": wrong}
    return results


def after_a_clone(library, size):
    """What a raw clone's first draw does about the fork, which is interrupted there: the instructions at which it went wrong."""
    case, wrong, reached = Case(library, "warm", int(size)), [], 0
    path = case.path()
    for at in range(1, CLONED, 3):
        reached += case.step(*place(path, 0), at, CLONE)
        if case.text.value:
            wrong.append(f"{at}: {case.text.value.decode()}")
    return {"reached": reached, "wrong": wrong, "wipes": case.gorandom._front.state()["wipes"]}


def name_of(address):
    """The library that has this address, and where in its file."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            fields = line.split()
            begin, end = (int(x, 16) for x in fields[0].split("-"))
            if begin <= address < end:
                return f"{os.path.basename(fields[-1])}+{address - begin + int(fields[2], 16):#x}"


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
