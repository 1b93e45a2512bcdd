"""open_uploads: the place for uploads that an application names."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ConfigurationError
from .upload_store import FolderUploads, UploadStore


def open_uploads(given: object, default: Path, *, min_free: float) -> UploadStore:
    """Return the place for uploads: a folder, an object, or what a URL names.

    ``default`` is the folder if nothing is given. A relative folder begins in the one
    that the default is in. Raise ConfigurationError for anything else.
    """
    if isinstance(given, UploadStore):
        return given
    if isinstance(given, str) and "://" in given:
        from .fsspec_uploads import FsspecUploads

        return FsspecUploads(given)
    if given is not None and not isinstance(given, str | os.PathLike):
        raise ConfigurationError(
            f"The place for uploads is of type {type(given).__name__}. Expected a "
            "folder, a URL that fsspec knows, or an object with the methods save, load "
            "and delete of UploadStore."
        )
    folder = default.parent / os.fspath(given) if given else default
    return FolderUploads(folder, min_free=min_free)
