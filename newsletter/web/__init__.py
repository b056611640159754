"""The public site: joining, confirming, choosing, leaving, and the issues that have gone out.

    public/   the pages for readers, one file for each
    archive/  the issues that have gone out
    pages/    what pages look like
    words/    what they say, in languages beside English

Routes parse, call one function of the packages below, and show. A studio and an API get room beside `public/`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
