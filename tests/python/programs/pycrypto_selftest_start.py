"""What the programs of test_pycrypto_selftest.py share: PyCrypto's own tests, in argv[1], run on Python 3."""

import importlib.abc
import importlib.machinery
import io
import json
import re
import sys
import unittest
import warnings


class Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **_):
        data = re.sub(rb"\b([0-9]+)L\b", rb"\1", data)
        data = data.replace(b"from common import", b"from Crypto.SelfTest.Hash.common import")
        return compile(data, path, "exec", dont_inherit=True)

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module):
        module.range = lambda *numbers: list(range(*numbers))
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        spec = (
            importlib.machinery.PathFinder.find_spec(fullname, path) if fullname.startswith("Crypto.SelfTest") else None
        )
        if spec is not None:
            spec.loader = Loader(fullname, spec.origin)
        return spec


warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
sys.meta_path.insert(0, Finder())
sys.modules["StringIO"] = io
for old, new in {"failUnless": "assertTrue", "assertEquals": "assertEqual"}.items():
    if not hasattr(unittest.TestCase, old):
        setattr(unittest.TestCase, old, getattr(unittest.TestCase, new))


def judge(tests, prefixes):
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite(tests))
    print(
        json.dumps(
            {
                "run": result.testsRun,
                "bad": [text for _, text in result.failures + result.errors + result.skipped],
                "files": sorted({type(test).__module__.removeprefix("Crypto.SelfTest.") for test in tests}),
                "ours": {name: module.__name__ for name, module in sys.modules.items() if name.startswith(prefixes)},
            }
        )
    )
