"""A Celery application whose broker and results are folders of files."""

import os

import celery
import drawing

folder = os.environ["ADVERSITY_FOLDER"]
app = celery.Celery("tasks", broker="filesystem://", backend="file://" + os.path.join(folder, "results"))
app.conf.update(
    broker_transport_options={
        "data_folder_in": os.path.join(folder, "queue"), "data_folder_out": os.path.join(folder, "queue"),
        "control_folder": os.path.join(folder, "control"), "polling_interval": 0.01,
    },
    task_serializer="json", result_serializer="json", accept_content=["json"], worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=False, worker_proc_alive_timeout=60,
)  # fmt: skip


@app.task(name="draw")
def draw():
    return drawing.reply()
