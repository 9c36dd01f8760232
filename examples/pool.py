"""Tokens from a multiprocessing.Pool: no initializer is needed, and the old one still works."""

import multiprocessing

import gorandom


def token(_):
    return gorandom.get_random_bytes(16).hex()


def main():
    seen = [token(None)]  # drawn before the workers start; a careless generator would repeat it
    for initializer in (None, gorandom.atfork):
        with multiprocessing.Pool(4, initializer=initializer) as workers:
            seen += workers.map(token, range(100), chunksize=1)
    assert len(set(seen)) == len(seen)
    print(len(seen), "tokens from 9 processes, all different; one of them:", seen[-1])


if __name__ == "__main__":
    main()
