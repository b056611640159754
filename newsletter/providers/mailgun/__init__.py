"""Carries messages by Mailgun's API as they are, byte for byte, each in a request of its own.

Source: Mailgun's reference of POST /v3/{domain_name}/messages.mime; its pages "API Response Codes" and "Batch Sending".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
