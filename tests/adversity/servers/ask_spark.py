"""A local Spark. Its daemon forks a worker for each task, or workers that each serve many tasks."""

import json
import sys

import drawing
import pools
from pyspark import SparkConf, SparkContext

if __name__ == "__main__":
    reuse, wanted = sys.argv[1], int(sys.argv[2])
    conf = SparkConf().setMaster(f"local[{pools.WORKERS}]").setAppName("adversity")
    for name, value in {
        "spark.python.daemon.module": "spark_daemon", "spark.python.worker.reuse": reuse, "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "512m",
    }.items():  # fmt: skip
        conf.set(name, value)
    context = SparkContext(conf=conf)
    try:
        ask = lambda n: context.parallelize(range(n), n // 20).map(drawing.reply).collect()  # noqa: E731
        for each in pools.rounds(ask, wanted) if reuse == "true" else ask(wanted):
            print(json.dumps(each))
    finally:
        context.stop()
