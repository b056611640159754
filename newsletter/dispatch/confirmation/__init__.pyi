from .keeping import keep_mailing, mail_once, mailing_beside
from .letters import ConfirmationMail, Letters, key_of
from .mailing import Mailed, mail_due, mail_some
from .waiting import Standing, Waiting, survey

__all__ = [
    "ConfirmationMail",
    "Letters",
    "Mailed",
    "Standing",
    "Waiting",
    "keep_mailing",
    "key_of",
    "mail_due",
    "mail_once",
    "mail_some",
    "mailing_beside",
    "survey",
]
