"""Runs the Python code of a page of the documentation, block by block in one namespace. Run by test_docs.py."""

import doctest
import os
import pathlib
import re
import sys
import tempfile

import gorandom
from gorandom import hmac

# Names that the pages' code gets from the programs that it is a part of.
key, message, secret = gorandom.get_random_bytes(32), b"message", gorandom.get_random_bytes(32)
os.chdir(tempfile.mkdtemp(dir="."))
pathlib.Path("SECRET").write_bytes(secret)
names = {
    "key": key, "message": message, "tag": hmac.digest(key, b"one", "sha256"), "given": "a", "kept": "a",
    "new_secret": secret, "old_secret": key, "wordlist": "some words to choose from here now".split(),
}  # fmt: skip
runner, blocks = doctest.DocTestRunner(), 0
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
for code in re.findall(r"(?ms)^```python\n(.*?)^```$", text):
    if "import flask" in code:
        continue  # test_signing.py tests Flask's sessions
    blocks += 1
    if code.startswith(">>>"):
        names["__name__"] = "page"
        runner.run(doctest.DocTestParser().get_doctest(code, names, sys.argv[1], sys.argv[1], 0), clear_globs=False)
        names.update(runner.test.globs)
    else:
        exec(compile(code, sys.argv[1], "exec"), names)
sys.exit(f"{runner.failures} examples failed" if runner.failures or not blocks else 0)
