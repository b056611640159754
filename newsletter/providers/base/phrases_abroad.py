"""The words of `phrases` in other languages than English: what is said of a mailbox, and of what.

Each language says it of its own nouns, within a few words of them and in either order. A few words between must not
name the sender: of an unknown sender servers speak in the same way.

Source: the notices and replies of mail systems of these countries; for the turns of phrase, those languages.
"""

from collections.abc import Mapping
from typing import Final

_SENDER: Final = (
    "absender|afzender|exp[ée]dit|[ée]metteur|remitente|remetente|mittente|avs[äa]ndar|afsender|avsender|l[äa]hett"
    "|nadawc|odes[íi]latel|felad|g[öo]nderen|отправител|відправник|αποστολ|sender"
)

_UNKNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "nl": (
        "gebruiker|ontvanger|geadresseerde|(?:e-?)?mailbox|postbus|postvak|(?:e-?mail-?|mail)?(?:adres|account)|medewerker",
        r"onbekende?|bestaat (?:\w+ )?niet|ongeldig"
        r"|niet (?:\w+ ){0,2}(?:gevonden|bekend|gekend|vinden|aanwezig|geldig|werkzaam|in dienst|in gebruik)",
    ),
    "de": (
        "empf[äa]e?nger|benutzer|nutzer|adressat|postfach|mailbox|(?:e-?mail-?|mail)?(?:adresse|konto|account)|teilnehmer",
        r"unbekannte?[rns]?|existiert (?:\w+ )?nicht|ung[üu]e?ltige?|gibt es nicht|keine?[nrs]? solche[nrs]?"
        r"|nicht (?:mehr )?(?:\w+ ){0,2}(?:gefunden|bekannt|vorhanden|existent|existiert|g[üu]e?ltig)",
    ),
    "fr": (
        "utilisateur|destinataire|add?resse?|bo[îi]te|compte|abonn[ée]",
        r"inconnue?s?|invalides?|introuvables?|inexistante?s?|n['’]existe(?:nt)? (?:pas|plus)|\baucune?"
        r"|n['’](?:a|est|ont) (?:pas|plus) (?:\S+ ){0,2}(?:trouv|valid|valab|connu)|non (?:trouv|valid|recens)",
    ),
    "es": (
        "usuarios?|destinatarios?|buz[óo]n|direcci[óo]n(?:es)?|cuentas?|casilla",
        r"desconocid[oa]s?|inexistentes?|inv[áa]lid[oa]s?"
        r"|\bno (?:\S+ ){0,3}(?:existen?|encontr\w*|v[áa]lid[oa]s?|se encontr\w*)",
    ),
    "pt": (
        "usu[áa]rio|utilizador|destinat[áa]rio|caixa|conta|endere[çc]o",
        r"desconhecid[oa]|inexistente|inv[áa]lid[oa]|n[ãa]o (?:\S+ ){0,2}(?:existe|encontrad|localizad|v[áa]lid)",
    ),
    "it": (
        "utente|destinatario|casella|indirizzo|account",
        r"sconosciut[oa]|inesistente|non (?:\S+ ){0,3}(?:esist[ae]|trovat[oa]|trovare|valid[oa])",
    ),
    "sv, da, no": (
        "mottagare|anv[äa]ndare|e-?post|e-?mail|adress|postl[åa]da|brevl[åa]da|konto|modtager|bruger|mottaker|bruker|postkasse|adresse",
        r"ok[äa]nde?|ukendte?|ukjente?|ogiltig|ugyldig"
        r"|(?:finns|finnas|existerar|findes|finnes|eksisterer|hittades|kunde) (?:inte|ej|ikke)"
        r"|(?:inte|ej|ikke) (?:\w+ ){0,2}(?:hitta|fundet|funnet|finne|finde)",
    ),
    "fi": (
        "k[äa]ytt[äa]j|vastaanottaj|osoite|postilaatik",
        r"ei (?:\w+ )?(?:l[öo]y|ole olemassa)|tuntemat|olemassa(?:ton)?",
    ),
    "pl": (
        "u[żz]ytkownik|odbiorc|adres|skrzynk|kont[oa]",
        r"nie (?:\w+ )?istnie|nieznan|nieprawid[łl]ow|nie (?:\w+ ){0,2}(?:znaleziono|znaleziony|odnaleziono)"
        r"|nie ma taki",
    ),
    "cs, sk": (
        "u[žz][íi]vate[lľ]|p[řr][íi]jemc|pr[íi]jemc|adresa|adres[ua]t|schr[áa]nk",
        r"ne(?:e?xistuj)|nezn[áa]m|nen[íi] (?:\w+ )?(?:zn[áa]m|nalezen)|neb[ýy]la? (?:\w+ )?n[áa]jden|nebyla? nalezen"
        "|nenalezen",
    ),
    "hu": (
        "felhaszn[áa]l|c[íi]mzett|post[áa]l[áa]d|postafi[óo]k|c[íi]m",
        r"nem (?:\w+ )?(?:l[ée]tez|tal[áa]l)|ismeretlen",
    ),
    "tr": (
        "kullan[ıi]c[ıi]|al[ıi]c[ıi]|adres|posta kutusu",
        r"bulunamad[ıi]|\byok\b|bilinmeyen|ge[çc]ersiz|mevcut de[ğg]il",
    ),
    "ro": ("utilizator|destinatar|adresa|c[ăa]su[țt]a", r"necunoscut|inexistent|nu (?:\w+ )?(?:exist|a fost g[ăa]sit)"),
    "ru, uk": (
        "пользовател|получател|адрес|ящик|користувач|одержувач|отримувач",
        r"не (?:\S+ ){0,2}(?:существ|найден|зарегистр|найти|знайден|існу|зареєстр)|неизвестн|несуществ|неіснуюч|невідом"
        r"|(?:нет|немає) так|так\S* (?:\S+ )?(?:нет|немає)\b",
    ),
    "el": ("χρήστη|παραλήπτη|διεύθυνση|λογαριασμό", "άγνωστ|δεν (?:υπάρχ|βρέθηκε|είναι έγκυρ)"),
}
_UNKNOWN_UNSPACED: Final = (
    # Where words are not parted, what is said decides: it is said of mailboxes only, in what a mail system writes.
    r"(?:用户|用戶|使用者|收件人|收信人|邮箱|郵箱|信箱|地址|账号|帳號|帐户|帳戶)\S{0,8}"
    r"(?:不存在|未找到|找不到|無效|无效|未知)",
    r"(?:无此|無此|查无此|查無此|没有这个|沒有這個|没有该|未知的?)(?:用户|用戶|使用者|人|收件人|邮箱|郵箱|信箱|地址)",
    r"так(?:ого|ой) (?:\S+ )?нет\b",
    r"不存在|存在しません|存在しない|見つかりません|見つかりませんでした|あて先不明|宛先不明"
    r"|該当(?:する)?(?:ユーザ|アドレス)|不明な(?:ユーザ|宛先|受信者)",
    r"(?:사용자|수신자|수신인|받는 ?사람|주소|계정|메일함)\S* ?(?:\S+ ){0,2}"
    r"(?:존재하지 않|찾을 수 없|없습니다|알 수 없)",
    r"(?:존재하지 않는|알 수 없는|없는) (?:\S+ )?(?:사용자|수신자|주소|계정)",
    r"(?:المستخدم|المستلم|العنوان|البريد)\S* (?:\S+ ){0,2}(?:غير موجود|غير معروف|غير صالح)",
    r"(?:משתמש|נמען|כתובת|תיבה)\S* (?:\S+ ){0,2}(?:לא קיי?מ|לא נמצא|לא מוכר|אינו קיים|לא ידוע)",
)


def _said_of(nouns: str, said: str) -> str:
    between = rf"(?:(?!{_SENDER})\S+ )"
    return rf"\b(?:{nouns})\w*\W{{1,3}}{between}{{0,4}}(?:{said})|(?:{said})\w*\W{{1,3}}{between}{{0,3}}(?:{nouns})"


UNKNOWN: Final = "|".join((*(_said_of(*one) for one in _UNKNOWN.values()), *_UNKNOWN_UNSPACED))
"""That nobody has an address."""

SENDER_UNKNOWN: Final = (
    rf"(?:{_SENDER})\S* (?:\S+ ){{0,3}}(?:unknown|unbekannt|onbekend|bestaat niet|existiert nicht|inconnu|desconoc"
    r"|desconhec|sconosciut|ok[äa]nd|ukend|ukjen|nieznan|nezn[áa]m|ismeretlen|неизвест|невідом|άγνωστ|nicht|niet|no "
    r"|n['’]|non |n[ãa]o |не |nie )"
)
"""That nobody knows the sender, or that the sender may not."""

UNKNOWN_DOMAIN: Final = (
    r"(?:domeinnaam|domein|dom[äa]ne?|domaine|dom[íi]nio|dominio|dom[äa]n|dom[ée]na|домен)\S* (?:\S+ ){0,4}"
    r"(?:onbekend|bestaat niet|niet gevonden|unbekannt|existiert nicht|nicht gefunden|inconnu|n['’]existe|introuvable"
    r"|desconocid|no existe|sconosciut|non esiste|n[ãa]o existe|ok[äa]nd|finns inte|nie istnieje|neexistuje"
    r"|не существует)"
)

FULL: Final = "|".join(
    (
        r"(?:mailbox|postbus|postvak|inbox)\S* (?:\S+ ){0,5}vol\b|postfach\S* (?:\S+ ){0,4}(?:voll|[üu]e?berf)"
        r"|mailbox (?:\S+ ){0,3}(?:voll|[üu]berf)",
        r"speicherplatz|kontingent|bo[îi]te (?:\S+ ){0,5}(?:pleine|satur)|quota (?:d[ée]pass|superad|exced|overskred)",
        r"buz[óo]n (?:\S+ ){0,3}lleno|casella (?:\S+ ){0,4}piena|caixa (?:\S+ ){0,4}cheia|переполнен|переповнен",
        r"(?:brevl[åa]d|postl[åa]d|inkorg|postkass|innboks|indbakke)\S* (?:\S+ ){0,3}full?\b|t[äa]ynn[äa]|megtelt"
        r"|kutusu (?:\S+ ){0,2}dolu|schr[áa]nka (?:\S+ ){0,3}pln[áa]",
        r"skrzynka (?:\S+ ){0,3}(?:pe[łl]na|przepe)|容量(?:オーバー|を超|超過|不足)"
        r"|一杯|いっぱい|満杯|已满|已滿|空间不足"
        r"|용량(?:이)? ?(?:초과|부족)|가득",
    )
)
"""That a mailbox is full."""

SWITCHED_OFF: Final = r"bloqueada|gesperrt|geblokkeerd|停止|停用|konto niedost[ęe]pne"
"""That a mailbox takes nothing for now."""
