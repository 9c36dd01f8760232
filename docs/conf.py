"""Sphinx's settings for these pages; `make docs` builds them. extension.py holds what is written when they are built."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "gorandom"
version = release = re.search(r'"(.+)"', (HERE.parent / "gorandom" / "version.go").read_text())[1]
copyright = "the authors of gorandom; MIT license"

extensions = ["myst_parser", "sphinx.ext.autodoc", "extension"]
root_doc = "index"

# A reference to something of gorandom's must be there. Names of other packages have no pages here, and a build asks no network.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!gorandom\b).*"), ("py:.*", r"gorandom\b.*\._\w+.*")]  # nor have private ones

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"gorandom {release}"
html_static_path = ["style"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
