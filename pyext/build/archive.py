"""Edits the archive that Go builds, in place: no member changes its size, and no binutils are needed.

* The section that the loader would run at load becomes the ordinary section go_init, so that mapping the
  library starts nothing (start.c runs it).
* Four of the runtime's local symbols become visible to the C code beside them: the table of signals, the
  thread-local g, and two that keep it from opening a poller (start.c). So does the assembly that C calls, under other
  names (core/kernels.c): AES of package keystream and, if this Go has it for the processor, SHA-256's compression.

A Go in which one of them is missing or has another size is refused. So is a Go that no longer calls the functions of the
C library that the core replaces.
"""

import struct

from .toolchain import GO_PACKAGE, GO_TRIED, WRAPPED

SHT_PROGBITS, SHT_SYMTAB, SHT_RELA, SHT_INIT_ARRAY = 1, 2, 4, 14
SHF_WRITE_ALLOC_RETAIN = 0x200003  # without GNU_RETAIN lld drops the section as unused
STB_GLOBAL, STV_HIDDEN = 1, 2
SHN_UNDEF, STT_TLS = 0, 6
SECTION, SYMBOL, RELA = 64, 24, 24  # bytes of an entry

INIT_ARRAY, GO_INIT = b".init_array", b"go_init"
SIGTABLE_BYTES = 65 * 24  # core/start.c: SIGTABLE_ENTRIES of struct sigtab
TLS_SLOT = b"runtime.tlsg"
SYMBOLS = {b"runtime.sigtable": SIGTABLE_BYTES, TLS_SLOT: 8, b"runtime.netpollInited": 4, b"runtime.netpollWakeSig": 4}
# Assembly, and its names in C, because the original ones have slashes, which assemblers refuse. Not every Go has
# SHA-256, and the C code can do without it.
KERNELS = {
    goarch: {f"gorandom.dev/gorandom/keystream.{name}.abi0".encode(): new for name, new in kernels.items()}
    for goarch, kernels in {
        "amd64": {"expandAESNI": b"go_expand_aesni", "fillAESNI": b"go_aesni", "fillVAES256": b"go_vaes256", "fillVAES512": b"go_vaes512"},
        "arm64": {"expandARMv8": b"go_expand_armv8", "fillARMv8": b"go_armv8"},
    }.items()
}  # fmt: skip
SHA256_BLOCK = b"crypto/internal/fips140/sha256.blockSHANI.abi0"


class Section:
    """A section header, and where its parts are in the archive."""

    def __init__(self, archive, elf, at, names):
        self.header = at
        name, self.kind = struct.unpack_from("<II", archive, at)
        self.name = names + name
        self.start, self.size = struct.unpack_from("<QQ", archive, at + 24)
        self.start += elf
        self.link, self.info = struct.unpack_from("<II", archive, at + 40)


def _members(archive):
    if archive[:8] != b"!<arch>\n":
        raise SystemExit("gorandom: what Go built is not an archive")
    at = 8
    while at < len(archive):
        size = int(archive[at + 48 : at + 58])
        yield at + 60
        at += 60 + size + (size & 1)


def _text(archive, at):
    return bytes(archive[at : archive.index(0, at)])


def _sections(archive, elf):
    (table,) = struct.unpack_from("<Q", archive, elf + 40)
    count, names = struct.unpack_from("<HH", archive, elf + 60)
    (strings,) = struct.unpack_from("<Q", archive, elf + table + SECTION * names + 24)
    return [Section(archive, elf, elf + table + SECTION * i, elf + strings) for i in range(count)]


def _symbols(archive, sections, index):
    """Yields (place, name, size, type, section) for all symbols of a table, the last one first."""
    table = sections[index]
    strings = sections[table.link].start
    for i in reversed(range(table.size // SYMBOL)):
        name, info, _, section, _, size = struct.unpack_from("<IBBHQQ", archive, table.start + SYMBOL * i)
        yield i, _text(archive, strings + name), size, info & 15, section


def _show_symbols(archive, sections, index, kernels):
    """Makes SYMBOLS and kernels global and hidden, and gives the kernels their new names. In ELF the local symbols come
    first. So each symbol changes places with the last local one, and the relocations that name one of the two then name
    the other."""
    table = sections[index]
    strings = sections[table.link].start
    shown, moved, local = [], {}, table.info
    for i in reversed(range(table.info)):
        at = table.start + SYMBOL * i
        name, info, _, _, _, size = struct.unpack_from("<IBBHQQ", archive, at)
        text = _text(archive, strings + name)
        if text in kernels:
            archive[strings + name : strings + name + len(text)] = kernels[text].ljust(len(text), b"\0")
        elif SYMBOLS.get(text) != size:
            continue
        local -= 1
        last = table.start + SYMBOL * local
        archive[at + 4] = STB_GLOBAL << 4 | info & 15
        archive[at + 5] = STV_HIDDEN
        archive[at : at + SYMBOL], archive[last : last + SYMBOL] = archive[last : last + SYMBOL], archive[at : at + SYMBOL]
        here, there = moved.get(i, i), moved.get(local, local)
        moved[i], moved[local] = there, here
        shown.append(text)
    # moved says which symbol is now at a place; a relocation needs the place of a symbol.
    place = {symbol: at for at, symbol in moved.items()}
    struct.pack_into("<I", archive, table.header + 44, local)
    for section in sections:
        if place and section.kind == SHT_RELA and section.link == index:
            for at in range(section.start + 12, section.start + section.size, RELA):
                (symbol,) = struct.unpack_from("<I", archive, at)
                if symbol in place:
                    struct.pack_into("<I", archive, at, place[symbol])
    return shown


def edit(path, goarch):
    """Edits the archive, and returns whether it has go_sha256."""
    kernels = KERNELS[goarch] | {SHA256_BLOCK: b"go_sha256"}
    with open(path, "rb") as f:
        archive = bytearray(f.read())
    renamed, shown, sizes, called = 0, [], {}, set()
    for elf in _members(archive):
        if archive[elf : elf + 6] != b"\x7fELF\x02\x01":  # 64 bits, little-endian
            continue
        sections = _sections(archive, elf)
        for index, section in enumerate(sections):
            if section.kind == SHT_INIT_ARRAY and _text(archive, section.name) == INIT_ARRAY:
                struct.pack_into("<IQ", archive, section.header + 4, SHT_PROGBITS, SHF_WRITE_ALLOC_RETAIN)
                archive[section.name : section.name + len(INIT_ARRAY)] = GO_INIT.ljust(len(INIT_ARRAY), b"\0")
                renamed += 1
            elif section.kind == SHT_SYMTAB:
                for at, name, size, kind, where in _symbols(archive, sections, index):
                    if where == SHN_UNDEF:
                        called.add(name)
                    elif name in SYMBOLS and at < section.info:
                        sizes.setdefault(name, []).append(size if name != TLS_SLOT or kind == STT_TLS else None)
                shown += _show_symbols(archive, sections, index, kernels)
    has_sha256 = shown.count(SHA256_BLOCK) == 1
    wrong = [f"{renamed} sections {INIT_ARRAY.decode()}"] * (renamed != 1) + [
        f"{name.decode()} is missing" if name not in sizes else f"{name.decode()} has another size or kind"
        for name, size in SYMBOLS.items() if sizes.get(name) != [size]
    ] + [f"{name.decode()} is missing" for name in kernels if name != SHA256_BLOCK and shown.count(name) != 1
    ] + [f"{name} is not called" for name in WRAPPED if name.encode() not in called]  # fmt: skip
    if wrong:
        raise SystemExit(
            f"gorandom: the core does not fit this Go ({', '.join(wrong)}); it was tried with Go {' and '.join(GO_TRIED)}: "
            f"put one of these first on PATH; 'pip install {GO_PACKAGE}' has the last."
        )
    with open(path, "wb") as f:
        f.write(archive)
    return has_sha256
