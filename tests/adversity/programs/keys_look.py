"""What the programs of test_keys.py share: a subject (keys_subject.py), and the key schedules in its memory."""

import os
import pathlib
import subprocess
import sys

from memory_maps import mappings

SUBJECT = pathlib.Path(__file__).with_name("keys_subject.py")


def sbox():
    # FIPS 197, section 5.1.1: the inverse in GF(2^8), then the affine map.
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rotated = [((q << n) | (q >> (8 - n))) & 0xFF for n in (1, 2, 3, 4)]
        box[p] = q ^ rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ 0x63
        if p == 1:
            break
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


EXAMPLE = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")  # FIPS 197, A.3
assert expand(EXAMPLE)[-16:].hex() == "fe4890d1e6188d0b046df344706c631e"


class Subject:
    def __init__(self):
        self.read, self.write = os.pipe()
        command = [sys.executable, SUBJECT, str(self.read)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.p = subprocess.Popen(command, text=True, pass_fds=[self.read], **pipes)

    def do(self, word):
        self.p.stdin.write(word + "\n")
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
            # One mark is enough, so that a missing one does not hide the mapping.
            if "w" not in access or not {"wf", "dc", "dd", "lo"} & set(flags) or high - low > 8 << 20:
                continue
            memory.seek(low)
            data = memory.read(high - low)
            for at in range(0, len(data) - 240, 8):
                if data[at : at + 4] == data[at + 32 : at + 36] or data[at : at + 8] == bytes(8):
                    continue
                # Check the ninth word first, to skip most places quickly.
                t = data[at + 28 : at + 32]
                if data[at + 32] != data[at] ^ SBOX[t[1]] ^ 1 or data[at + 33] != data[at + 1] ^ SBOX[t[2]]:
                    continue
                if expand(data[at : at + 32]) == data[at : at + 240]:
                    found[low + at] = (data[at : at + 240], flags)
    return found


def wanted_of(found):
    # The keys in halves, and every round key, each of 16 bytes.
    return sorted({s[i : i + 16] for s, _ in found.values() for i in range(0, 240, 16)})


def everything(m):
    return True
