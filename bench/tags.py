"""The calls of HMAC and of comparison that pyperf times, beside the standard library's. bench/python.py runs this."""

import pyperf

SETUP = "key, message, long = b'k' * 32, b'm' * 32, bytes(1 << 20)\n"
HASHLIB = SETUP + "import hmac; from hmac import digest, compare_digest, new; made = new(key, digestmod={0!r})\n"
OURS = SETUP + "from gorandom import hmac; from gorandom.hmac import digest, compare_digest, new, Key; made = Key(key, {0!r})\n"
COPY = "h = made.copy(); h.update(message); h.digest()"

# Name: the standard library's statement, gorandom's, and how many tags one run of the latter makes.
TAGS = {
    "one-shot": ("digest(key, message, {0!r})", "digest(key, message, {0!r})", 1),
    "object": ("new(key, message, {0!r}).digest()", "new(key, message, {0!r}).digest()", 1),
    "prepared key": (COPY, "made.digest(message)", 1),
    "prepared key, 100 at once": (COPY, "made.digests([message] * 100)", 100),
    "1 MiB": ("digest(key, long, {0!r})", "digest(key, long, {0!r})", 1),
}
DIGESTS = ["sha256", "sha512"]


def main():
    runner = pyperf.Runner()
    for digest in DIGESTS:
        for name, (theirs, ours, tags) in TAGS.items():
            runner.timeit(f"hmac/{digest}/{name}", theirs.format(digest), HASHLIB.format(digest))
            runner.timeit(f"gorandom.hmac/{digest}/{name}", ours.format(digest), OURS.format(digest), inner_loops=tags)
    for name, setup in (("hmac", HASHLIB), ("gorandom.hmac", OURS)):
        runner.timeit(f"{name}/compare_digest/32 bytes", "compare_digest(key, message)", setup.format("sha256"))


if __name__ == "__main__":
    main()
