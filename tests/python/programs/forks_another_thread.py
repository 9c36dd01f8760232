"""Forks in threads other than the main one, which end or return in the child: test_forks.py runs this."""

import _thread
import os
import sys
import threading

import child

forks, returns = int(sys.argv[1]), sys.argv[2] == "True"
tally = child.Tally()


def one(i, done, pids):
    tally.add(*child.draws(large=i == 0))
    pid = os.fork()
    if pid == 0:
        try:
            tally.send(*child.draws(i % 4 == 3))
        except BaseException:
            os._exit(70)
        if returns:
            return
        os._exit(0)
    pids.append(pid)
    done.release()


for i in range(forks):
    done, pids = threading.Lock(), []
    done.acquire()
    if i % 2:
        _thread.start_new_thread(one, (i, done, pids))
    else:
        threading.Thread(target=one, args=(i, done, pids), daemon=True).start()
    done.acquire()
    tally.reap(*pids)
tally.report()
