"""In what do two wheels differ?"""

import zipfile

STAMP = ("date_time", "external_attr", "compress_type", "create_system", "extra", "comment")


def wheels(a, b):
    """[] if they are the same to the byte; else a line for each difference, the members' first."""
    with open(a, "rb") as f, open(b, "rb") as g:
        if f.read() == g.read():
            return []
    with zipfile.ZipFile(a) as z, zipfile.ZipFile(b) as y:
        return members(z, y) or ["the members are the same and lie otherwise in the file: another zlib has packed them"]


def members(z, y):
    ours, theirs = ({info.filename: info for info in archive.infolist()} for archive in (z, y))
    lines = [f"{name} is in the first only" for name in ours.keys() - theirs]
    lines += [f"{name} is in the second only" for name in theirs.keys() - ours]
    for name in ours.keys() & theirs:
        one, two = z.read(name), y.read(name)
        if one != two:
            at = next((i for i, (p, q) in enumerate(zip(one, two)) if p != q), min(len(one), len(two)))
            lines.append(f"{name} differs: {len(one)} and {len(two)} bytes, first at byte {at}")
        lines += [f"{name} differs in {field}: {getattr(ours[name], field)} and {getattr(theirs[name], field)}"
                  for field in STAMP if getattr(ours[name], field) != getattr(theirs[name], field)]  # fmt: skip
    if not lines and list(ours) != list(theirs):
        lines.append("the members stand in another order")
    return sorted(lines)
