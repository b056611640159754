"""Pictures and documents of an issue: fetched, checked, made small, published by names that tell their content."""

from newsletter.media.cache import CACHE_FOLDER, PictureCache, document_file
from newsletter.media.collecting import collect
from newsletter.media.copies import Copies
from newsletter.media.model import (
    Collected,
    Document,
    Facts,
    Media,
    MediaFile,
    Original,
    Reference,
    UnreadablePicture,
    Variant,
)
from newsletter.media.targets import FolderTarget, Target, open_target, publish

__all__ = [
    "CACHE_FOLDER",
    "Collected",
    "Copies",
    "Document",
    "Facts",
    "FolderTarget",
    "Media",
    "MediaFile",
    "Original",
    "PictureCache",
    "Reference",
    "Target",
    "UnreadablePicture",
    "Variant",
    "collect",
    "document_file",
    "open_target",
    "publish",
]
