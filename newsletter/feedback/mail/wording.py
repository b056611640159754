"""The words of notices: that a message failed, that it waits, and where they name whom it was for.

In the languages in which mail systems write, as far as they are known; general turns of phrase, not whole sentences.
"""

import re
from typing import Final

FAILURE: Final = re.compile(
    "|".join(
        (
            # English: a message or a delivery, and that it came to nothing.
            r"\b(?:mail|message|delivery|e-?mail|recipients?)\b(?:[^.\n]|\.\w){0,80}\b(?:not|n['o’]t|never|unable to"
            r"|fail(?:s|ed)?|problems?|trouble|error)\b[^.\n]{0,40}\b(?:deliver|sen[dt]|reach|accept|process|forward)",
            r"\b(?:unable to|fail(?:ed)? to|trouble|(?:could|can|was|were|is|has|have|did) ?(?:not|n['’]?t)"
            r"|cannot|not|never)"
            r" (?:be |been )?(?:able to )?(?:\w+ ){0,2}(?:deliver|reach|send\b|sent\b)",
            r"\bundeliver(?:ed|able)|(?:did not|never) arrived?|\bnon-?deliver|\bdelivery (?:\w+ ){0,6}(?:fail"
            r"|error|problem|has failed)",
            r"\bfail(?:ed|ure)\b[^.\n]{0,30}\b(?:address|recipient|deliver|mail|message)",
            r"\b(?:permanent|fatal) (?:\w+ ){0,2}(?:error|failure)",
            r"\b(?:returned|bounced?|rejected) (?:mail|message|e-?mail|to sender|back)"
            r"|returning (?:message )?to sender",
            r"\berrors? (?:occurred|was detected|while|delivering|sending|following|in delivering)",
            r"\b(?:unknown|no such|invalid) (?:\w+ ){0,3}(?:user|recipient|userid|address|mailbox|local part)",
            r"\b(?:mailbox|inbox|quota)\b[^.\n]{0,40}\b(?:full|exceeded)|did not (?:reach|receive|exactly match)",
            r"\b(?:automatically )?rejected\b[^.\n]{0,40}(?:quota|:)|\breturned because\b"
            r"|encountered (?:an error|delivery problems)|rejected (?:by|recipient)|not delivered",
            r"(?:user|recipient|mailbox|account|address)\S* (?:is |was |does )?"
            r"(?:unknown|not (?:found|known|recogni[sz]ed|exist))",
            # Dutch, German.
            r"\bniet (?:\w+ ){0,3}(?:\w*bezorgd|afgeleverd|verzonden|bezorgen|afleveren)|onbestelbaar|niet aangekomen"
            r"|bezorging\b[^.\n]{0,80}mislukt",
            r"\bnicht (?:\w+ ){0,3}(?:zugestellt|[üu]bermittelt|ausgeliefert|zustellen)|unzustellbar|zustellung\S* \w*"
            r"(?:fehlgeschlagen|nicht)",
            # French, Spanish, Portuguese, Italian.
            r"(?:n['’](?:a|ont) (?:pas )?(?:pu )?(?:pas )?[êe]tre (?:\w+ )?(?:d[ée]livr|remis|distribu|livr|envoy)"
            r"|non remis|impossible de (?:remettre|livrer)|[ée]chec de (?:la )?(?:remise|livraison|distribution))",
            r"\bno (?:se )?(?:pudo|ha podido|puede|se pudo) (?:\w+ ){0,2}(?:entregad|entregar|enviar)|no entregad",
            r"\bn[ãa]o (?:p[ôo]de|foi|p[ôo]de) (?:\w+ ){0,2}(?:entregue|enviad|entregar)|falha na entrega",
            r"\bnon (?:\S+ ){0,4}(?:consegnat|recapitat|consegnare)|mancato recapito|impossibile (?:recapitare"
            r"|consegnare)",
            # Swedish, Danish, Norwegian, Polish, Russian.
            r"\b(?:inte|ikke|ej) (?:\w+ ){0,3}lever|kunde inte|nie (?:mo[żz]na|zosta[łl]\S*"
            r"|uda[łl]o) (?:\S+ ){0,3}dor[ęe]cz",
            r"не (?:может быть|могло быть|удалось|было|доставл)|сообщение не",
            # Chinese, Japanese.
            r"无法(?:发送|投递|送达|送到)|投递失败|退信|無法(?:傳送|遞送)|退回",
            r"送信できません|配信できません|届けることができません|配送できません|送信できなかった|配信不能"
            r"|送信エラー|お届けできません",
        )
    ),
    re.IGNORECASE,
)
"""That a message did not arrive."""

SUBJECT: Final = re.compile(
    "|".join(
        (
            r"undeliver|non-?delivery|deliver\w*[^\n]{0,30}\b(?:fail|error|problem|notif|status|report|warning|delay)",
            r"\b(?:fail|error|problem)\w*[^\n]{0,20}\b(?:deliver|sending|mail|notice|message)|returned (?:e?-?mail|to)",
            r"failure notice|mail system error|processing error|returning (?:message )?to sender"
            r"|could not be delivered",
            r"not (?:be )?deliver|delayed|bounce\w*|message status|mail status|warning: |user unknown|unknown user",
            r"error (?:sending|delivering)|rejected|postmaster notify|nondeliverable|delivery (?:report|warning)",
            r"onbestelbaar|niet (?:te )?(?:afgeleverd|bezorg)|unzustellbar|nicht zugestellt|zustell|non remis|[ée]chec",
            r"utilisateur non|no entregad|fallo|non recapitat|mancato|falha|devolvid|не доставлен|недостав|退信|系统退",
            r"配信|送信|エラー|配送|olever|retur|niedor[ęe]cz",
        )
    ),
    re.IGNORECASE,
)
"""What notices are called."""

DELAY: Final = re.compile(
    "|".join(
        (
            r"not yet been delivered|has been (?:delayed|postponed|deferred)|\bis delayed\b|still being retried",
            r"\bwarning (?:message )?only|(?:do not|don['’]?t) need to resend|(?:do not|don['’]?t) resend your",
            r"will (?:continue|be (?:retried|re-?tried)|keep (?:on )?try|try (?:again|to deliver)|retry)",
            r"(?:deliver\w*|attempts?) (?:\w+ ){0,3}will (?:continue|be (?:made|retried))|message delayed",
            r"delivery (?:has been |is |was |\(?status notification \(?)?delay|temporar\w+ (?:delay|deferred)",
            r"nog niet (?:\w+ ){0,2}(?:bezorgd|afgeleverd)|vertraag[dt]|blijft proberen",
            r"noch nicht (?:\w+ ){0,2}zugestellt|verz[öo]ger|weiterhin versuch|weitere zustellversuche",
            r"n['’]a pas encore|retard[ée]|diff[ée]r[ée]|sera (?:\w+ )?retent|nouvelle tentative",
            r"todav[íi]a no|a[úu]n no (?:se )?ha|retras|seguir[áa] intent|non (?:\S+ ){0,2}ancora|ritard|atrasad",
            r"配信が遅れ|遅延して|再送を(?:試|続|行)|再送中|再配信|еще не|повторн",
        )
    ),
    re.IGNORECASE,
)
"""That a mail system has not given up."""

SUCCESS: Final = re.compile(
    r"\(success\)|^(?:relayed|delivered|afgeleverd|zugestellt|remis|entregado)\s?:"
    r"|success(?:ful(?:ly)?)? (?:deliver|relay)"
    r"|deliver(?:y|ed) (?:was |is |has been )?(?:success|complete)|(?:was|has been"
    r"|were) (?:successfully )?(?:delivered|relayed)",
    re.IGNORECASE,
)
"""That a message did arrive, or went on."""
DELAYED_SUBJECT: Final = re.compile(
    r"\bdelay|\bvertra|verz[öo]ger|retard|ritard|遅延|\bwarning: message", re.IGNORECASE
)
GIVEN_UP: Final = re.compile(
    r"giv(?:en|ing) up|not going to try again|no (?:further|more) attempt|will not be (?:retried|tried)",
    re.IGNORECASE,
)
"""That it has, whatever else it says."""

SYSTEM: Final = re.compile(
    r"mailer-?daemon|mail-?daemon|m-?daemon|post_?-?master|mail deliver|delivery (?:sub)?system|mail system|"
    r"mail (?:administrator|server)|system administrator|deliver(?:y|ed)?-(?:status|notif|failure)|^ndr@|^bounces?[@+-]"
    r"|^(?:daemon|mailadmin|mail-?admin|mailserver|smtp|lsmtp|antivirus|mta)\b|delivery subsystem"
    r"|microsoft (?:outlook|exchange)",
    re.IGNORECASE,
)
"""Names and addresses of mail systems."""

NAMES_RECIPIENT: Final = re.compile(
    r"(?:\b(?:recipients?|address(?:es|ed)?|user|userid|mailbox|account|arrived? at|deliver\w*|postbus|postvak|postfach"
    r"|bo[îi]te|buz[óo]n|casella|undeliverable|undelivered|failed"
    r"|rcpt|for|adresse|destinataires?|empf[äa]nger|ontvangers?|geadresseerden?|destinatari[oi]s?|adres|an|aan|[àa]"
    r"|attempts|to|full|unknown|reach|sent to|addressee|error-for)\b|宛先|收件人|受信者|メールアドレス)"
    r"[^\n@<\[]{0,6}?[:;=]?\s*[<\[\"'(]{0,3}(?:smtp:|rfc822;|mailto:)?\s*$",
    re.IGNORECASE,
)
"""What stands before an address on its line where it is the one that a message was for."""

NAMES_ORIGIN: Final = re.compile(
    r"(?:generated (?:from|by)|expanded from|originally (?:addressed|sent) to|delivered to|message to)\W{0,5}$",
    re.IGNORECASE,
)
"""The same, where an address is told that another one was made of."""

NAMES_OTHERS: Final = re.compile(
    r"contact|assistance|help|postmaster|please (?:send|write|e-?mail|forward)|\bfrom\b|sender|mail from|reply|envelope"
    r"|\bby\b|sent (?:the|your)|return-path|\bcc\b|support|report(?:ed)? to|another means|instead",
    re.IGNORECASE,
)
"""What stands before an address that is somebody else's."""
