"""secrets.DEFAULT_ENTROPY is replaced while others make tokens. Run by test_threads.py."""

from threads_together import SLOW, ended, others, run

from gorandom import secrets


def changes():
    n = 0
    while not ended:
        n += 1
        secrets.DEFAULT_ENTROPY = 300 + n % 700
        junk = [float(i) for i in range(20)]  # noqa: F841  # takes the place of what was freed


secrets.DEFAULT_ENTROPY = 301


def tokens():
    for _ in range(60_000 // SLOW):
        assert 300 <= len(secrets.token_bytes()) < 1000


run(changes, others(tokens), others(tokens))
