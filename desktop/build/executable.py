"""What a program file says of itself: its processor, and the libraries it needs. Reads ELF, PE and Mach-O headers.

Own readers, because all that is wanted is a few fields, and the files may be damaged or hostile: every offset is
checked, and anything odd is a NotAProgram.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from .errors import NotAProgram

ELF_ARCH = {3: "386", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64", 22: "s390x"}
PE_ARCH = {0x14C: "386", 0x8664: "amd64", 0xAA64: "arm64", 0x1C4: "arm"}
MACHO_ARCH = {0x01000007: "amd64", 0x0100000C: "arm64", 7: "386", 12: "arm"}
SYSTEM_DLLS = frozenset({"kernel32.dll", "ntdll.dll", "ws2_32.dll", "advapi32.dll", "bcryptprimitives.dll"})
MOST = 4096
"""Headers, entries or libraries that are looked at before a file is called damaged."""


@dataclass(frozen=True, slots=True)
class Executable:
    """`static`: it runs without any library that is not part of the system's core."""

    format: str
    os: str
    arch: str
    static: bool
    libraries: tuple[str, ...] = ()
    interpreter: str = ""


def read_executable(path: Path) -> Executable:
    """Raises NotAProgram on anything else than a whole ELF, PE or Mach-O program, OSError when it cannot be read."""
    with open(path, "rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                return read_bytes(data)
        except (struct.error, ValueError, IndexError) as error:  # an empty file cannot be mapped: ValueError
            raise NotAProgram(str(path), detail=str(error)) from error


def read_bytes(data: memoryview) -> Executable:
    """Raises ValueError, IndexError or struct.error on what is no program."""
    magic = bytes(data[:4])
    if magic == b"\x7fELF":
        return _Elf(data).read()
    if magic[:2] == b"MZ":
        return _pe(data)
    if magic in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
        return _macho(data)
    raise ValueError("unknown format")


class _Elf:
    """One ELF file, of either width and byte order."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        if data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ValueError("bad ELF class or byte order")

    def read(self) -> Executable:
        kind, machine = self._unpack("HH", 16)
        if kind not in (2, 3):
            raise ValueError("not an ELF program")
        segments = self._segments()
        needed: tuple[str, ...] = ()
        interpreter = ""
        for type_, offset, _, size in segments:
            if type_ == 2:
                needed = self._needed(offset, size, segments)
            elif type_ == 3:
                interpreter = self._text(offset)
        static = not needed and not interpreter
        return Executable("ELF", "linux", self._arch(machine), static, needed, interpreter)

    def _arch(self, machine: int) -> str:
        little = self.order == "<"
        if machine == 21:
            return "ppc64le" if little else "ppc64"
        if machine == 8:
            return ("mips64" if self.wide else "mips") + ("le" if little else "")
        if machine not in ELF_ARCH:
            raise ValueError(f"unknown processor {machine}")
        return ELF_ARCH[machine]

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, self.data, offset)

    def _segments(self) -> list[tuple[int, int, int, int]]:
        """(type, file offset, address, size in the file) of each program header."""
        (start,) = self._unpack("Q", 32) if self.wide else self._unpack("I", 28)
        entry, count = self._unpack("HH", 54 if self.wide else 42)
        if count > MOST or entry < (56 if self.wide else 32):
            raise ValueError("bad program headers")
        found = []
        for index in range(count):
            place = start + index * entry
            if self.wide:
                type_, _, offset, address, _, size = self._unpack("IIQQQQ", place)
            else:
                type_, offset, address, _, size = self._unpack("IIIII", place)
            found.append((type_, offset, address, size))
        return found

    def _needed(self, offset: int, size: int, segments: list[tuple[int, int, int, int]]) -> tuple[str, ...]:
        step = 16 if self.wide else 8
        names: list[int] = []
        strings = 0
        for place in range(offset, offset + min(size, MOST * step), step):
            tag, value = self._unpack("qQ" if self.wide else "iI", place)
            if tag == 0:
                break
            if tag == 1:
                names.append(value)
            elif tag == 5:
                strings = value
        if not names:
            return ()
        table = next((o + strings - a for t, o, a, s in segments if t == 1 and a <= strings < a + s), None)
        if table is None:
            raise ValueError("no string table")
        return tuple(self._text(table + name) for name in names)

    def _text(self, offset: int) -> str:
        return _text(self.data, offset)


def _text(data: memoryview, offset: int) -> str:
    if offset < 0 or offset >= len(data):
        raise ValueError("text outside the file")
    piece = bytes(data[offset : offset + 1024])
    end = piece.find(b"\0")
    return piece[: end if end >= 0 else None].decode("utf-8", errors="backslashreplace")


def _pe(data: memoryview) -> Executable:
    (start,) = struct.unpack_from("<I", data, 0x3C)
    if bytes(data[start : start + 4]) != b"PE\0\0":
        raise ValueError("no PE header")
    machine, sections = struct.unpack_from("<HH", data, start + 4)
    (optional_size,) = struct.unpack_from("<H", data, start + 20)
    if machine not in PE_ARCH or sections > MOST:
        raise ValueError("unknown PE processor")
    optional = start + 24
    (magic,) = struct.unpack_from("<H", data, optional)
    (imports,) = struct.unpack_from("<I", data, optional + (112 if magic == 0x20B else 96) + 8)
    table = [struct.unpack_from("<4I", data, optional + optional_size + 40 * i + 8) for i in range(sections)]
    names = _pe_imports(data, imports, table) if imports else ()
    static = all(name.lower() in SYSTEM_DLLS for name in names)
    return Executable("PE", "windows", PE_ARCH[machine], static, names)


def _pe_imports(data: memoryview, imports: int, table: list[tuple[int, ...]]) -> tuple[str, ...]:
    def place(address: int) -> int:
        for size, start, raw_size, raw in table:
            if start <= address < start + max(size, raw_size):
                return address - start + raw
        raise ValueError("address outside the sections")

    names: list[str] = []
    offset = place(imports)
    while len(names) < MOST:
        (name,) = struct.unpack_from("<I", data, offset + 12)
        if not name:
            break
        names.append(_text(data, place(name)))
        offset += 20
    return tuple(names)


def _macho(data: memoryview) -> Executable:
    wide = data[0] == 0xCF
    cpu, _, kind, commands = struct.unpack_from("<4I", data, 4)
    if cpu not in MACHO_ARCH or kind != 2 or commands > MOST:
        raise ValueError("unknown Mach-O program")
    offset, names = 32 if wide else 28, []
    for _ in range(commands):
        command, size = struct.unpack_from("<II", data, offset)
        if command == 0xC:
            (name,) = struct.unpack_from("<I", data, offset + 8)
            names.append(_text(data, offset + name))
        if size < 8:
            raise ValueError("bad load command")
        offset += size
    return Executable("Mach-O", "darwin", MACHO_ARCH[cpu], not names, tuple(names))
