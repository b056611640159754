from .app import build_app
from .archive.writing import Written, write_archive
from .site import Site
from .wire import listen, serve

__all__ = ["Site", "Written", "build_app", "listen", "serve", "write_archive"]
