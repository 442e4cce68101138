#===- folder.py - compiled objects on disk --------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Keeps compiled objects between processes, by the digest of all that they depend on.

  DIGEST_OF_INPUT           names the object: its digest, one line
  DIGEST_OF_OBJECT.so       the object

Each is written beside its place and renamed into it, the object first. So processes that
compile the same model at once write the same files, or each its own object and the last
one's name for it; a reader sees an old file or a new one. An object that is not what its
name says, because a disk was full or a file was cut, is not loaded but made again.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import stat
import tempfile
from typing import Callable

from .errors import FolderError

_DIGEST = re.compile(r"[0-9a-f]{64}\n")


def default_folder() -> pathlib.Path:
    """Returns $FP8ATTN_CACHE_DIR, else fp8attn in $XDG_CACHE_HOME, else ~/.cache/fp8attn."""
    named = os.environ.get("FP8ATTN_CACHE_DIR")
    if named:
        return pathlib.Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (pathlib.Path(base) if base else pathlib.Path.home() / ".cache") / "fp8attn"


def open_folder(folder: pathlib.Path) -> None:
    """Makes the folder if there is none. FolderError if that cannot be, or if others than
    the user could put code into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise FolderError(f"cannot make the folder {folder}: {error.strerror}; set FP8ATTN_CACHE_DIR to one of yours") from error
    if found.st_uid not in (os.geteuid(), 0):
        raise FolderError(f"the folder {folder} is of user {found.st_uid}, who could put code into it")
    if found.st_mode & stat.S_IWOTH:
        raise FolderError(f"the folder {folder} can be written by everybody, who could put code into it")


def find_object(folder: pathlib.Path, key: str) -> pathlib.Path | None:
    """Returns the object of a key; None if there is none, or not as it was written."""
    try:
        name = (folder / key).read_text(encoding="ascii")
        path = folder / f"{name.strip()}.so"
        if _DIGEST.fullmatch(name) and hashlib.sha256(path.read_bytes()).hexdigest() == name.strip():
            return path
    except (OSError, ValueError):
        pass
    return None


def store_object(folder: pathlib.Path, key: str, write: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """Has `write` make an object at a path that it is given, and returns where it is then.
    FolderError if it cannot be stored."""
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as new:
            made = pathlib.Path(new) / "object.so"
            write(made)
            digest = hashlib.sha256(made.read_bytes()).hexdigest()
            path = folder / f"{digest}.so"
            os.replace(made, path)
            name = pathlib.Path(new) / "name"
            name.write_text(digest + "\n", encoding="ascii")
            os.replace(name, folder / key)
            return path
    except OSError as error:
        raise FolderError(f"cannot write to the folder {folder}: {error}") from error
