#===- symbols.py - the names that a shared library exports ----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Reads the dynamic symbols of an ELF file, so that an object says itself which entry
points it has."""

from __future__ import annotations

import struct

from .errors import LoadError

_IDENTIFICATION = b"\x7fELF\x02\x01"  # 64 bits, little-endian.
_DYNAMIC_SYMBOLS = 11  # SHT_DYNSYM
_SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr
_SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym


def read_exports(image: bytes) -> list[str]:
    """Returns the names of the defined dynamic symbols, in the order of the file. LoadError
    if the bytes are no 64-bit little-endian ELF file with such."""
    try:
        if not image.startswith(_IDENTIFICATION):
            raise LoadError("it is no ELF file of 64 bits")
        begin, = struct.unpack_from("<Q", image, 40)
        size, count = struct.unpack_from("<HH", image, 58)
        sections = [_SECTION.unpack_from(image, begin + i * size) for i in range(count)]
        table = next(section for section in sections if section[1] == _DYNAMIC_SYMBOLS)
        strings = sections[table[6]]
        names = image[strings[4] : strings[4] + strings[5]]
        exports = []
        for i in range(table[5] // _SYMBOL.size):
            name, _, _, section, _, _ = _SYMBOL.unpack_from(image, table[4] + i * _SYMBOL.size)
            if section:
                exports.append(names[name : names.index(b"\0", name)].decode())
        return exports
    except (struct.error, IndexError, StopIteration, ValueError) as error:
        raise LoadError("its table of symbols cannot be read") from error
