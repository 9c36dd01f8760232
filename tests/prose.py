"""Print the mean length of the sentences of README and of each page of the documentation.

Fails if a page's mean is above MOST words. It is a smoke detector, not a goal.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MOST = 18


def sentences(text):
    """Yield the number of words of each sentence in a Markdown text. Code, headings and tables have none.

    A sentence ends with a paragraph or an item of a list, and at a full stop, a question mark or a colon before a space.
    """
    text = re.sub("(?ms)^ *(`{3,})(?!\\{glossary).*?^ *\\1`*$", "", text)
    text = re.sub(r"(?s)<!--.*?-->|!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"(?m)^(#|\||`{3}).*$", "", text)
    text = re.sub(r"(?m)^ *(?:[-*]|\d+\.) ", "\n\n", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "code", text)
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in re.split(r"(?<=[.?!:])[*)\"]*\s+(?![a-z])", paragraph):
            if words := re.findall(r"\S*\w\S*", sentence):
                yield len(words)


def pages():
    yield from ("README.md", "SECURITY.md", "CHANGELOG.md")
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True)):
        name = os.path.relpath(path, ROOT)
        if not name.startswith(os.path.join("docs", "_generated")):
            yield name


def check():
    long = []
    for name in pages():
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            lengths = list(sentences(file.read()))
        mean = sum(lengths) / max(1, len(lengths))
        print(f"{mean:5.1f} words a sentence, {len(lengths):4} sentences: {name}")
        if mean > MOST:
            long.append(name)
    for name in long:
        print(f"prose: the sentences of {name} have more than {MOST} words on average: write shorter ones", file=sys.stderr)
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(check())
