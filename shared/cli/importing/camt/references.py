"""Creditor references: what an invoice asks the payer to write, with check digits of its own."""

import re
from typing import Final

_RF: Final = re.compile("RF[0-9]{2}[0-9A-Z]{1,21}")
_QR: Final = re.compile("[0-9]{27}")
_CARRY: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_MODULUS: Final = 97


def plain(text: str) -> str:
    """A reference without what people write between its characters: capitals and digits alone."""
    return "".join(character for character in text.upper() if character.isalnum())


def rf_number(reference: str) -> str | None:
    """What an ISO 11649 reference is about: the part behind `RF` and two check digits.

    The whole, with its first four characters put last and letters as numbers (A is 10), is 1 modulo
    97 (ISO 7064, MOD 97-10). None if it is no such reference, or mistyped.
    """
    text = plain(reference)
    if not _RF.fullmatch(text):
        return None
    digits = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return text[4:] if int(digits) % _MODULUS == 1 else None


def qr_number(reference: str) -> str | None:
    """What a Swiss QR reference is about: its 26 digits before the check digit, without zeros.

    The check digit is modulo 10, recursive (Swiss Payment Standards, annex B). None if it is none,
    or mistyped.
    """
    text = plain(reference)
    if not _QR.fullmatch(text):
        return None
    carry = 0
    for digit in text[:-1]:
        carry = _CARRY[(carry + int(digit)) % 10]
    return text[:-1].lstrip("0") if (10 - carry) % 10 == int(text[-1]) else None
