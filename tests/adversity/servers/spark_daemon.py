"""PySpark's daemon, in which the parent of all workers has drawn."""

import drawing  # noqa: F401
from pyspark import daemon

if __name__ == "__main__":
    daemon.manager()
