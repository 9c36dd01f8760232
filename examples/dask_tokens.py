"""Tokens from the workers of a Dask cluster. The workers are processes, and all their tokens differ.

    python -m pip install distributed
    python examples/dask_tokens.py
"""

from distributed import Client, LocalCluster

import gorandom
from gorandom import secrets


def token(_):
    return secrets.token_urlsafe()


def main():
    seen = [token(None)]  # drawn before the workers are started
    with LocalCluster(n_workers=4, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        # pure=False, because otherwise Dask may compute a call once and reuse its result.
        seen += client.gather(client.map(token, range(1000), pure=False))
        modes = set(client.run(lambda: gorandom.status().mode).values())
    assert len(set(seen)) == len(seen)
    print(len(seen), "tokens from 5 processes, all different; the workers' mode:", *modes)


if __name__ == "__main__":
    main()
