"""A wait that signals end. Imported by secrets_not_ready.py and weather_not_ready.py."""

import os
import signal
import threading


def is_interrupted(draw):
    """Does draw() wait until a signal's exception ends it? Signals are sent until one has arrived during the wait."""
    done = threading.Event()

    def interrupt():
        while not done.wait(0.02):
            os.kill(os.getpid(), signal.SIGALRM)

    def handler(signo, frame):
        if not done.is_set():
            done.set()
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        draw()
        return False
    except KeyboardInterrupt:
        return True
    finally:
        done.set()
        thread.join()
