"""PEP 517: setuptools' backend, with a Go and a C compiler from PyPI where the machine has none."""

import os

from setuptools import build_meta as _setuptools
from setuptools.build_meta import *  # noqa: F403  (the hooks that need no change)

from . import target
from .toolchain import missing_packages

GLUE = ["pybindgen==0.22.1"]  # writes the Python glue together with gopy; an sdist contains what they wrote


def _needed():
    if target.wanted().pure:
        return []
    return GLUE * (not os.path.isdir(os.path.join("pyext", "generated"))) + missing_packages()


def get_requires_for_build_wheel(config_settings=None):
    return _setuptools.get_requires_for_build_wheel(config_settings) + _needed()


def get_requires_for_build_editable(config_settings=None):
    return _setuptools.get_requires_for_build_editable(config_settings) + _needed()


def get_requires_for_build_sdist(config_settings=None):
    return _setuptools.get_requires_for_build_sdist(config_settings) + _needed()
