"""Tokens from the workers of PySpark, which its daemon forks. All tokens differ. It needs a Java runtime.

    python -m pip install pyspark
    python examples/spark_tokens.py
"""

import os
import sys

from pyspark import SparkConf, SparkContext

from gorandom import secrets


def token(_):
    return os.getpid(), secrets.token_urlsafe()


def main():
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster("local[4]").setAppName("tokens").set("spark.ui.enabled", "false")
    context = SparkContext(conf=conf.set("spark.ui.showConsoleProgress", "false"))
    try:
        drawn = context.parallelize(range(1000), 8).map(token).collect()
    finally:
        context.stop()
    workers, tokens = {pid for pid, _ in drawn}, {token for _, token in drawn}
    assert len(tokens) == len(drawn)
    print(len(drawn), "tokens from", len(workers), "processes, all different")


if __name__ == "__main__":
    main()
