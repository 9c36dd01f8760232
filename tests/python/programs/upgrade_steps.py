"""Shared by the programs of test_upgrade.py: draws, forks, and changes to the package on disk.

argv[1] is the folder that contains the package, argv[2] names what happens to it, and argv[3] is what replaces it.
"""

import os
import shutil
import subprocess
import sys

import gorandom

site, what, source = sys.argv[1:4]
package = site + "/gorandom"
assert gorandom.__file__.startswith(package), gorandom.__file__

drawn, modes = [], []


def draw(large=False):
    drawn.append(gorandom.get_random_bytes(16))
    if large:
        drawn.append(gorandom.get_random_bytes(1 << 20)[-16:])


def fork(generations):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            drawn.clear()
            draw()
            draw(large=True)
            if generations > 1:
                fork(generations - 1)
            mode = gorandom._front.state()["mode"]
            os.write(write, b"".join(drawn) + mode[:1].encode())
        finally:
            os._exit(0)
    os.close(write)
    said = os.read(read, 10000)
    os.close(read)
    assert os.waitpid(pid, 0)[1] == 0 and said, "a child died"
    drawn.extend(said[i : i + 16] for i in range(0, len(said) - 1, 16))
    modes.append(said[-1:])


def remove():
    shutil.rmtree(package)


def replace():
    """Replace all files with those of another version."""
    for folder, _, files in os.walk(package):
        for name in files:
            path = os.path.join(folder, name)
            os.unlink(path)  # a new file, as pip makes it
            with open(path, "w") as file:
                file.write('__version__ = "9.9.9"\n' if name == "_version.py" else "nobody reads this\n")


def renew():
    """Replace the package with the same version."""
    shutil.rmtree(package)
    shutil.copytree(source, package)


def install():
    """Let pip install a wheel in its place."""
    library = package + "/libgorandom.core.so"
    before = os.stat(library).st_ino
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    command = [*pip, "install", "--no-index", "--no-deps", "--upgrade", "--no-compile", "--target", site, source]
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    assert os.stat(library).st_ino != before


def truncate():
    os.truncate(package + "/libgorandom.core.so", 0)


HARMS = {"removed": remove, "replaced": replace, "the same": renew, "pip": install, "truncated": truncate}


def harm():
    HARMS[what]()
