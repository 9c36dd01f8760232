"""The program of CVE-2013-1445, which knows nothing of gorandom: install_crypto_run.py imports it."""

from multiprocessing import Pool

from Crypto import Random
from Crypto.Random import atfork, get_random_bytes


def read(_):
    rng = Random.new()
    return [rng.read(16), get_random_bytes(16)]


def main():
    drawn = read(None)
    pool = Pool(4, initializer=atfork)
    for pair in pool.map(read, range(200), chunksize=1):
        drawn += pair
    pool.close()
    pool.join()
    drawn += read(None)
    print(len(drawn), len(set(drawn)))
