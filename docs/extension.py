"""What the pages get when they are built: other files' text, links, diagrams, the command line's help, and the Go packages."""

import argparse
import html
import os
import pathlib
import posixpath
import re
import subprocess
import sys
import urllib.parse
from html.parser import HTMLParser

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.errors import ExtensionError
from sphinx.util import logging

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
GENERATED = HERE / "_generated"
say = logging.getLogger(__name__)

# Pages whose text is a file elsewhere.
INCLUDED = {"security": "SECURITY.md", "changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md"}
# Where a link to a file outside of docs/ leads.
PAGES = {file: name + ".md" for name, file in INCLUDED.items()} | {
    "README.md": "index.md",
    "gorandom/doc.go": "_generated/go/gorandom.md",
}

# ---- sources ----

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def read_source(app, name, source):
    text, folder = source[0], posixpath.dirname("docs/" + name)
    if name in INCLUDED and (ROOT / INCLUDED[name]).exists():
        text, folder = (ROOT / INCLUDED[name]).read_text(encoding="utf-8"), ""
    if name == "cli":
        text += "\n" + command_line()
    here = posixpath.dirname("docs/" + name)
    # Code is left alone: it stands between fences.
    parts = re.split(r"(?ms)(^ *(`{3,}).*?^ *\2`*$)", text)
    for i in range(0, len(parts), 3):
        parts[i] = LINK.sub(lambda link: rewritten(link, folder, here), parts[i])
    source[0] = "".join(part for i, part in enumerate(parts) if i % 3 != 2)


def rewritten(link, folder, here):
    """A link as it is right on the page ``here``, from one that was right in ``folder``."""
    image, text, target = link.groups()
    path, hash_, fragment = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link[0]
    file = posixpath.normpath(posixpath.join(folder, path))
    page = "docs/" + PAGES[file] if file in PAGES else file
    if (ROOT / page).is_dir() or (file.endswith(".md") and not page.startswith("docs/")):
        return text  # that has no page here
    return f"{image}[{text}]({posixpath.relpath(page, here)}{hash_}{fragment})"


# ---- the command line ----


def command_line():
    """A section for each command, from the parser that serves them."""
    from gorandom.__main__ import make_parser

    os.environ["COLUMNS"] = "100"  # argparse asks how wide to write
    (choices,) = (a.choices for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return "\n".join(section(name, command) for name, command in choices.items())


def section(name, command):
    usage = command.format_usage().removeprefix("usage: ").rstrip()
    lines = [f"## {name}", "", "```text", usage, "```", "", sentence(command.description), ""]
    if described := [a for a in command._actions if a.help and not isinstance(a, argparse._HelpAction)]:
        lines += ["| argument | meaning |", "|---|---|"]
        lines += [f"| {invocation(a)} | {cell(a.help)} |" for a in described]
    if command.epilog:
        lines += ["", sentence(command.epilog)]
    return "\n".join(lines) + "\n"


def sentence(text):
    text = html.escape(text[:1].upper() + text[1:], quote=False)
    return text if text.endswith((".", ":", ")")) else text + "."


def invocation(action):
    if not action.option_strings:
        return f"`{action.metavar}`"
    value = f" {action.metavar}" if action.metavar else ""
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)


def cell(text):
    return html.escape(text, quote=False).replace("|", "\\|")


# ---- the Go packages ----


def go(*arguments):
    command = [sys.executable, str(ROOT / "tests" / "tools.py"), "go", *arguments]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        raise ExtensionError(f"go {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def write_go_pages(app):
    folder = GENERATED / "go"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for path in go("list", "./gorandom/...").split():
        if "/internal/" not in path:
            name = path.removeprefix("gorandom.dev/").replace("/", ".")
            wanted[folder / f"{name}.md"] = go_page(path, go("doc", "-all", path))
    for old in set(folder.iterdir()) - set(wanted):
        old.unlink()
    for file, text in wanted.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def go_page(path, text):
    """Markdown of what `go doc -all` prints: the package's comment, then declarations with indented comments."""
    lines = text.rstrip().split("\n")
    page = [f"# {path.rpartition('/')[2]}", "", "```go", f'import "{path}"', "```", ""]
    comment = lines[1:]
    starts = [i for i, line in enumerate(lines) if line in ("CONSTANTS", "VARIABLES", "FUNCTIONS", "TYPES")]
    if starts:
        comment = lines[1 : starts[0]]
    page += prose(comment) + [""]
    code, words = [], []

    def end():
        if code:
            page.extend(["```go", *code, "```", ""])
        page.extend(prose([line[4:] for line in words]) + [""])
        code.clear()
        words.clear()

    open_ = 0
    for line in lines[starts[0] :] if starts else []:
        if line in ("CONSTANTS", "VARIABLES", "FUNCTIONS", "TYPES"):
            end()
            page.extend([f"## {line.capitalize()}", ""])
        elif open_ or line[:1] not in ("", " "):
            if words or (not open_ and code and line[:1] not in "})"):
                end()
            code.append(line)
            bare = re.sub(r"//.*|\"(\\.|[^\"])*\"|`[^`]*`", "", line)
            open_ += sum(bare.count(c) for c in "({[") - sum(bare.count(c) for c in ")}]")
        else:
            words.append(line)
    end()
    return re.sub("\n{3,}", "\n\n", "\n".join(page)).rstrip() + "\n"


def prose(lines):
    """Go's comment as Markdown: headings one level down, indented text after an empty line as code, the rest as it is."""
    made, code = [], []

    def end():
        if code:
            made.extend(["```text", *"\n".join(code).rstrip().split("\n"), "```", ""])
        code.clear()

    for line in lines:
        after_empty = not made or not made[-1]
        if line.startswith("    ") and (code or after_empty):
            code.append(line[4:])
        elif code and not line:
            code.append("")
        else:
            end()
            made.append("#" + line if line.startswith("# ") else re.sub(r"([*_<\[\]`])", r"\\\1", line))
    end()
    return made


# ---- diagrams ----

# From the middle of a character's cell: left, right, up, down.
LINES = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru",
    "┼": "lrud", "═": "LR", "╪": "LRud",
}  # fmt: skip
HEADS = {"▼": "0,6 -4,-3 4,-3", "▲": "0,-6 -4,3 4,3", "►": "4,0 -5,-4 -5,4", "◄": "-4,0 5,-4 5,4"}
WIDE, HIGH = 8, 17  # of a cell


def drawn(text):
    """The SVG of a drawing in box characters."""
    rows = text.split("\n")
    paths, heads, words = [], [], []
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            left, top = x * WIDE, y * HIGH
            middle, centre = left + WIDE / 2, top + HIGH / 2
            ends = {"l": (left, centre), "r": (left + WIDE, centre), "u": (middle, top), "d": (middle, top + HIGH)}
            for way in LINES.get(character, ""):
                for shift in (-1.5, 1.5) if way.isupper() else (0,):
                    ex, ey = ends[way.lower()]
                    paths.append(f"M{middle:g} {centre + shift:g}L{ex:g} {ey + shift:g}")
            if character in HEADS:
                heads.append(f'<polygon transform="translate({middle:g} {centre:g})" points="{HEADS[character]}" fill="currentColor"/>')
        bare = re.sub("[" + "".join([*LINES, *HEADS]) + "]", " ", row)
        for match in re.finditer(r"\S+(?: \S+)*", bare):
            words.append(
                f'<text x="{match.start() * WIDE}" y="{y * HIGH + 13}" textLength="{len(match[0]) * WIDE}" '
                f'lengthAdjust="spacingAndGlyphs">{html.escape(match[0])}</text>'
            )
    width, height = WIDE * max(map(len, rows)), HIGH * len(rows)
    return (
        f'<div class="diagram-frame"><svg class="diagram" role="img" xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'viewBox="0 0 {width} {height}"><path d="{"".join(paths)}"/>{"".join(heads)}{"".join(words)}</svg></div>'
    )


class Diagram(Directive):
    """A fence whose text is a drawing; where nothing draws it, the text itself is shown."""

    has_content = True

    def run(self):
        return [nodes.raw("", drawn("\n".join(self.content)), format="html")]


# ---- links ----


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.targets = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


def check_links(app, error):
    """Every link inside the site leads to a file, and to a place in it if it names one."""
    if error or app.builder.format != "html":
        return
    folder = pathlib.Path(app.outdir)
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for target in page.targets:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            fragment = urllib.parse.unquote(parts.fragment)
            if not there.exists():
                broken.append(f"{path.relative_to(folder)}: {target} is not there")
            elif fragment and there in pages and fragment not in pages[there].ids:
                broken.append(f"{path.relative_to(folder)}: {target} names no place of that page")
    for line in sorted(broken):
        say.warning("a broken link on %s", line)  # with -W it fails the build
    say.info("links inside: %d on %d pages, %d broken", sum(len(page.targets) for page in pages.values()), len(pages), len(broken))


def setup(app):
    app.add_directive("diagram", Diagram)
    app.connect("builder-inited", write_go_pages)
    app.connect("source-read", read_source)
    app.connect("build-finished", check_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
