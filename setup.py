import os
import sys

from setuptools import Extension, setup

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "pyext"))
from build import command, sdist, target, toolchain  # noqa: E402

setup(
    version=command.version(),
    ext_modules=[
        Extension("gorandom." + name, [], py_limited_api=command.STABLE)
        for name in [*toolchain.MODULES] * (not target.wanted().pure) + ["_core"] * target.wanted().has_core
    ],
    cmdclass={
        "build_py": command.BuildPy,
        "build_ext": command.BuildExt,
        "bdist_wheel": command.Wheel,
        "sdist": sdist.Sdist,
    },
)
