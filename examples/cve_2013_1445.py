# The sample code of PyCrypto's advisory on CVE-2013-1445 (Dwayne Litzenberger, October 2013), unchanged
# below this line. Run it through run_as_crypto.py, which decides what Crypto.Random is.
from binascii import hexlify
import multiprocessing, pprint, time
import Crypto.Random

def task_main(arg):
    a = Crypto.Random.get_random_bytes(8)
    time.sleep(0.1)
    b = Crypto.Random.get_random_bytes(8)
    rdy, ack = arg
    rdy.set()
    ack.wait()
    return "%s,%s" % (hexlify(a).decode(),
                      hexlify(b).decode())

n_procs = 4
manager = multiprocessing.Manager()
rdys = [manager.Event() for i in range(n_procs)]
acks = [manager.Event() for i in range(n_procs)]
Crypto.Random.get_random_bytes(1)
pool = multiprocessing.Pool(processes=n_procs,
                            initializer=Crypto.Random.atfork)
res_async = pool.map_async(task_main, zip(rdys, acks))
pool.close()
[rdy.wait() for rdy in rdys]
[ack.set() for ack in acks]
res = res_async.get()
pprint.pprint(sorted(res))
pool.join()
