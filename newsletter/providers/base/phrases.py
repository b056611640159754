"""The words by which mail systems say why they refuse, each in one place, as patterns for whoever sorts refusals.

Patterns ignore case, and none takes long over a text that repeats itself. They are read in a server's own words only:
an address or a host's name that it repeats may hold any word.

Source: RFC 3463 §3, RFC 6647 §2 (greylisting); the replies of Postfix, Exim, Sendmail, Exchange, Domino, Gmail, Yahoo,
Postgrey, milter-greylist and rspamd. What is said in other languages than English stands in `phrases_abroad`.
"""

import re
from typing import Final

_REPEATED: Final = re.compile(r'<[^<>]*@[^<>]*>|"[^"]*"@\S*|(?<!\S)\S*@\S*')
_EMPTIED: Final = re.compile(r"\(\s{0,9}\)|\[\s{0,9}\]|<\s{0,9}>|'\s{0,9}'")
_HOST: Final = re.compile(r"(?<![\w.-])(?!resolver\.)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
"""A host's name, but not the names that Exchange has for its own reasons."""

SENDER_ADDRESS: Final = (
    r"\b(?:sender|from) (?:e-?mail )?address|\bbad sender|sender (?:verif|(?:is |was )?(?:rejected|denied|blocked))"
)
SENDER_OTHERWISE: Final = (
    r"\b(?:sender(?:['’]?s)?|sending) domain|envelope sender|domain of (?:the )?sender|blocked senders?"
    r"|\b(?:mail from|from|sender|sending|your(?! recipient)|client|helo)\b"
    r"[^.;]{0,40}\b(?:does not|doesn['’]?t|not) (?:exist|resolve)"
    r"|dns check failed|reverse lookup|\bsender\b[^.;]{0,40}\b(?:has no|resolve|does not|not allowed|unknown|blocked)"
)
CLIENT: Final = r"client host|\b(?:helo|ehlo)\b|reverse (?:dns|host)|\b(?:ptr|rdns)\b"
YOUR_HOST: Final = r"\byour (?:(?:e-?mail|mail|smtp|sending) )?(?:ip|host|server|network|domain|account)\b"
GREYLISTED: Final = r"gr[ae]y[ -]?list"
ASKED_TO_WAIT: Final = r"try again in \d+ (?:sec|min)|come back (?:later|in )|first time[^.;]{0,30}\bdefer"

UNKNOWN: Final = (
    r"(?:user|recipient|mail-?box|account|address)\S* (?:is |was )?(?:unknown|non[ -]?existent|not (?:found|known))"
)
NO_SUCH: Final = (
    r"(?:unknown|no such|invalid|bad|unroute?able|undefined|non[ -]?existent)[ /:-](?:[\w-]+[ /]){0,2}"
    r"(?:user|recipient|mail-?box|address|person)"
)
NOT_EXISTING: Final = (
    r"(?:does not|doesn['’]?t) exist|\bno (?:such |valid )?mailbox|no longer (?:valid|available|in use)"
)
PROOF_MISSING: Final = (
    r"\b(?:spf|dkim|dmarc|ptr) (?:record|key|policy|entry)|too many (?:\w+ ){0,2}(?:recipients|users)"
    r"|\byour (?:e-?mail )?address (?:is|has|was)\b|mail from unknown|authentication (?:is )?required"
    r"|relay(?:ing)? (?:denied|not|prohibited|access)"
)
"""That the sender has proved nothing, or asks for too much: what follows of users and recipients is no news."""
HEADER_MISSING: Final = r"\bheaders?\b[^.;]{0,20}\b(?:not|missing|invalid|malformed)\b"
UNKNOWN_OTHERWISE: Final = "|".join(
    (
        r"^\W*(?:[45]\d\d\W+)?(?:is )?(?:unknown|not found|unroute?able)\b\W*$",
        r"(?:user|recipients?|mail-?box|account|address(?:ee)?|e-?mail|employee|person)\S* "
        r"(?:\w+ ){0,2}(?:was ?n['o’]?t|were ?n['o’]?t|could ?n['o’]?t be|cannot be|can['’]?t be) (?:found|located)",
        r"(?:can ?['n]?[o’']?t|could ?n['o’]?t|unable to) (?:find|locate) (?:\w+ ){0,3}(?:user|recipient|mail-?box"
        r"|account|address)",
        r"(?:do not|don['’]?t|have no|does not|doesn['’]?t) (?:have )?(?:an?|any|such|such an?) (?:such )?"
        r"(?:user|account|mail-?box|recipient)",
        r"(?:user|recipient|mail-?box|account|address)e?s? (?:\w+ ){0,2}(?:not (?:a member of|live)\b|obsolete"
        r"|terminated|not (?:on|at|with) (?:our|this|that|the) (?:\w+ )?(?:system|server|domain|host|site))",
        r"(?:user|recipient|account|address) (?:\w+ ){0,4}marked as invalid|no longer exists?\b"
        r"|not in (?:our |the )?recipients? (?:list|table|map)",
        r"\bno mail-?box(?:es)? (?:available|found|here|for)|\bno (?:mail box|mail-box|mailbox) "
        r"|not (?:our|a) customer",
        r"(?:^|\W)bad ?rcpt ?to|(?:has |have )?left (?:the|our|this) (?:company|organi[sz]ation|firm|department)",
        r"(?:address|account|mail-?box|user) (?:no longer|does ?n['o’]?t) accepts? (?:e-?)?mail",
        r"(?:user|recipient|mailbox|account|address)\S* (?:name )?(?:is |was |does )?"
        r"not (?:recogni[sz]ed|listed|valid|exist|in (?:our|the|my)(?! office)|present)",
        r"(?:user|recipient|mailbox|account|address|addressee)[’'e]?s? (?:you entered )?(?:could ?n[o’']t be"
        r"|not) found",
        r"\bno (?:such )?(?:account|recipients?|users?|mailbox) (?:\w+ ){0,3}(?:by that|with that|here|found)",
        r"(?:unknown|invalid|illegal|bad) (?:\w+ ){0,3}(?:userid|mailbox|recipient|user|addressee|account|alias)s?\b",
        r"addressee unknown|\bno such (?:addressee|alias|person|account)|not a (?:known|valid|local) (?:user"
        r"|recipient)",
        r"no mail-?box here|no such id\b|unknown local[ -]?part|(?:cannot|can['’]?t) deliver mail for",
        r"mailbox name not allowed|recipient unrecogni[sz]ed|mailbox unavailable or|\baddress rejected\b(?!:)",
        r"(?:address|recipient|mailbox) (?:is )?(?:invalid|illegal|unknown)|\bnot a valid mailbox",
        r"(?:doesn['’]?t|does not) have an? [^.;]{0,40}\b(?:account|mailbox|delivery point)",
        r"no matches to nameserver query|not listed in [^.;]{0,30}(?:directory|address book)",
        r"\bnosuchuser\b|\brecip(?:ient)?notfound\b",
        r"no (?:such )?(?:person|one|body)\b[^.;]{0,20}\b(?:at|by|with)\b|nobody\b[^.;]{0,20}\b(?:by|with|of|at"
        r"|here)\b|undeliverable address",
        r"recipient (?:has been )?denied|unknown (?:e-?mail|virtual)|has no (?:mailbox|account)|missing home directory",
        r"no longer (?:with|employed|works)|not (?:an? )?(?:active|registered) (?:address|user|account|gateway)",
        r"(?:user|mailbox|account|recipient|address)e?s? (?:do |did )?not exist|user not local",
        r"(?:user|recipient|mailbox|account) (?:\w+ )?(?:has )?moved\b|\bmoved (?:permanently )?to\b",
        r"(?:user|recipient|mailbox|account)\S* (?:\w+ ){0,3}not (?:found|known)",
        r"requested action not taken: mailbox unavailable|did not (?:exactly )?match an? ",
        r"(?:user|employee|recipient|account) (?:\w+ ){0,2}(?:no longer|has left|not here|has been (?:deleted"
        r"|removed))",
        r"(?:account|mailbox|address) (?:has been |was |is )?(?:deleted|removed|closed)\b",
        r"recipient address rejected: access denied",
    )
)
UNKNOWN_DOMAIN: Final = "|".join(
    (
        r"(?:host|domain|system|server)\S* (?:name )?(?:\S+ )?(?:is |was |could ?n[o’']t be |not "
        r"|n't )?(?:unknown|not found)",
        r"(?:host|domain)\S* (?:\S+ ){0,3}could ?n[o’']t be found|\bnxdomain\b|(?:unknown"
        r"|no such) (?:\w+ )?(?:host|domain)",
        r"bad (?:destination )?(?:system|host|domain)|no (?:valid )?mx\b|null ?mx|non-?existent (?:host|domain)",
        r"unroute?able (?:mail )?domain|lookups failed permanently|name or service not known|recipient domain must",
        r"(?:doesn['’]?t|does not|do not) (?:receive|accept) (?:any |incoming )?(?:(?:e-?)?mail|messages)"
        r"|indicated no smtp service",
        r"account or domain may not exist|could ?n[o’']t find (?:any host|a mail exchanger|a host|the domain)",
        r"malformed or unexpected name server reply|no (?:dns|mx|mail) (?:records?|servers?|exchangers?|hosts?)"
        r" (?:\w+ )?for\b",
    )
)

MAILBOX_FULL: Final = r"(?:mailbox|inbox|recipient)\b[^.;]{0,30}\b(?:full|(?:over ?)?quota)|\bover ?quota|\bdisk quota"
ACCOUNT_FULL: Final = (
    r"(?:account|user)\b[^.;]{0,30}\b(?:full|(?:over ?)?quota)"
    r"|(?:mailbox|inbox|account|user|recipient)\b[^.;]{0,30}\bstorage"
)
FULL_OTHERWISE: Final = "|".join(
    (
        r"\b(?:mailfolder|mail folder|mail ?box(?:es)?|maildir)\b[^.;]{0,30}\bfull"
        r"|\bquota\b[^.;]{0,30}\b(?:exceed|full)",
        r"exceed\w*\b[^.;]{0,40}\bquota|(?:disk|mail|storage) ?quota|\bout of (?:disk )?(?:quota|storage)",
        r"quota violation|(?:disk|inode|blocks?) limit",
        r"(?:too much|insufficient|no|not enough) (?:\w+ ){0,3}(?:space|storage|mail stored"
        r"|room)\b[^.;]{0,30}\bmailbox",
        r"mailbox\b[^.;]{0,40}\b(?:limit|maximum|allotted|allocated|capacity)|exceeded (?:its|his|the"
        r"|their) (?:\w+ )?(?:storage|limit)",
    )
)
SWITCHED_OFF: Final = (
    r"(?:user|recipient|mailbox|account|address)\S* (?:(?:is|was|has been) )?(?:\w+ )?(?:disabled|inactive)"
)
OFF_OTHERWISE: Final = "|".join(
    (
        r"(?:user|recipient|mailbox|account|address)\S* (?:\w+ ){0,3}(?:suspended|deactivated|locked|frozen"
        r"|discontinued)",
        r"(?:not|isn['’]?t|no longer) (?:currently )?(?:accepting|allowed to receive|active)|unable to receive"
        r"|on hold\b",
        r"(?:account|mailbox|user) (?:\w+ ){0,2}(?:expired|blocked|temporarily|unavailable|on vacation)",
        r"not permitted to (?:send|mail|write)|restricted ?recipient|only accepts? (?:mail|messages) from",
        r"disabled ?(?:recipient|user|account|mailbox|address)|not (?:yet )?activated|user (?:refused"
        r"|does not want)|refused by (?:the )?recipient|deactivated (?:mailbox|user|account)",
    )
)

SIZE: Final = (
    r"(?:message|mail|content|data|file)\W+(?:\w+\W+)?size|too (?:big|large)|exceeds? (?:the )?(?:\w+ ){0,3}size"
)
CONTENT: Final = (
    r"\bspam\b|\bvirus|\bcontent\b[^.;]{0,30}\b(?:reject|refus|not allowed)|\bunsolicited|\bmalware|\bphishing"
    r"|content polic|mail content|\bspamtext|message (?:was )?(?:not allowed|rejected|refused|blocked)"
    r"|8-?bit data|bare (?:lf|cr|line)"
)
POLICY: Final = r"\bpolicy\b"
RELAYING: Final = r"\brelay(?:s|ed|ing)?\b|rcpthosts"
LOGIN: Final = r"authenticat"
BLOCK_LIST: Final = r"blocked using|\b(?:black|block|deny)[ -]?list|\b(?:dns|r)bl\b|spamhaus|spamcop|reputation"
BLOCKED: Final = (
    r"\b(?:listed|blocked|banned) (?:at|by|in|on|for)\b|\b(?:ip|host|server)\b[^.;]{0,40}\b(?:blocked|banned)"
)
UNPROVEN: Final = r"\b(?:spf|dkim|dmarc)\b"
TOO_MANY: Final = r"too many (?:messages|e-?mails|mails)"
SLOWED: Final = r"(?:temporarily|rate)[ -](?:deferred|limited|blocked)|\bunusual rate\b"
SENDING_LIMIT: Final = (
    r"(?:send(?:ing|er)?|daily|hourly|rate|message|e-?mail|outgoing)\b[^.;]{0,20}\b(?:limit|quota)"
    r"|\b(?:relay|daily|hourly) quota"
)
LIMIT_IN_TIME: Final = r"(?:limit|quota)\b[^.;]{0,20}\b(?:day|hour|minute)"
REFUSED_ACCESS: Final = (
    r"access denied|not (?:authori[sz]ed|allowed|permitted)|permission denied|too many connections"
    r"|connections? (?:not accepted|refused by polic)|service refus|bad reputation"
)

OUT_OF_REACH: Final = "|".join(
    (
        r"lost connection|tim(?:ed|e)[ -]?out|timeout|connect(?:ion)?\b[^.;]{0,40}\b(?:refused|reset|lost|failed"
        r"|dropped|closed|establish)",
        r"(?:could ?n[o’']t|cannot|unable to|not) (?:be )?(?:connect|reach)|unreachable|(?:did"
        r"|does) not (?:respond|answer)|not (?:be )?reach"
        r"|not responding",
        r"no route|network (?:error|is)|hop count|too many hops|mail ?loop|\bloop(?:s|ing)?\b|too long (?:in|on) ",
        r"(?:message|delivery|retry) (?:\w+ ){0,3}(?:expired|exceeded)|in the queue too long|temporary|temporarily",
        r"name ?server|server failure|dns (?:error|lookup)|lookup (?:failed|failure)|try again|starttls|\btls\b",
        r"could not deliver for|aborted after|unable to deliver in|not delivered within"
        r"|for more than \d+ (?:hour|sec|day)",
        r"local error|system error|(?:i/o|internal|configuration|resource) error|out of (?:memory|disk)|disk full",
        r"niet bereikbaar|nicht erreichbar|injoignable|d[ée]lai|inaccesible|non raggiungibile|タイムアウト|接続でき",
    )
)


def own_words(text: str) -> str:
    """Give a server's own words, without the addresses and names of hosts that it repeats."""
    bare = _EMPTIED.sub(" ", _HOST.sub(" ", _REPEATED.sub(" ", text)))
    return " ".join(bare.replace("_", " ").split())
