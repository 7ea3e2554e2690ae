"""Personal data in columns: found by header words, patterns and check digits, so that it is dropped unread.

Nobody needs a name or a telephone number to simulate a line. Resident numbers are told by their check digit
(GB 11643-1999, ISO 7064 MOD 11-2), so that a serial number of eighteen digits is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from templates.cells import shown
from templates.headers import words_of
from templates.tables import Cell

_mail = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63})+")
_mobile = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}")
_phone = re.compile(
    r"\+\d{1,3}[- (]?\d[\d\s().x-]{6,18}\d|\(?0\d{2,3}\)?[- ]\d{7,8}(?:-\d{1,5})?|\(\d{3}\)\s?\d{3}-\d{4}"
)
_loose_phone = re.compile(r"[+(]?\d[\d\s().+-]{7,20}\d(?:\s?x\d{1,6})?")
_resident = re.compile(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx]")
_plate = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-Z][·•\s]?[A-HJ-NP-Z0-9]{5,6}"
)
_weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_header_words: dict[str, str] = {
    "name": """
        姓名 员工 操作员 操作工 操作人 操作者 维修人 维修人员 维修工 负责人 报修人 联系人 班长
        填写人 记录人 处理人 工程师 技术员 员工姓名 人员 审核人 客户姓名 主管
        name_of_operator operator operator_name employee employee_name technician technician_name first_name
        last_name full_name surname worker staff person contact contact_person engineer supervisor reported_by
        recorded_by entered_by created_by assigned_to mitarbeiter bediener user_name customer_name
        """,
    "staff number": "工号 员工号 员工编号 employee_id employee_no staff_id badge badge_no operator_id",
    "phone": "电话 手机 手机号 联系电话 电话号码 phone mobile telephone tel cell_phone phone_number",
    "e-mail": "邮箱 电子邮箱 邮件 email e_mail mail email_address",
    "resident number": "身份证 身份证号 身份证号码 护照 护照号 id_card passport ssn social_security_number",
    "plate": "车牌 车牌号 plate license_plate licence_plate",
    "address": "住址 家庭住址 home_address street_address",
    "birthday": "生日 出生日期 birthday date_of_birth dob",
}
_by_word = {words_of(word): kind for kind, words in _header_words.items() for word in words.split()}


def is_resident_number(text: str) -> bool:
    """A Chinese resident number with a right check digit.

    >>> is_resident_number("11010519491231002X"), is_resident_number("110105194912310021")
    (True, False)
    """
    if not _resident.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _weights, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def personal_kind(header: str, cells: Iterable[Cell]) -> str | None:
    """What personal data a column holds, or None. `cells` is a sample of its filled cells."""
    texts = [shown(cell) for cell in cells]
    words = re.sub(r"\s*\d+$", "", words_of(header))
    by_header = _by_word.get(words)
    if by_header in {"name", "staff number", "address", "birthday"}:
        return by_header
    patterned = _by_values(texts, loose=by_header is not None)
    return patterned or by_header


def _by_values(texts: list[str], *, loose: bool) -> str | None:
    if not texts:
        return None
    tests = (
        ("e-mail", lambda text: _mail.fullmatch(text) is not None),
        ("resident number", is_resident_number),
        ("plate", lambda text: _plate.fullmatch(text) is not None),
        ("phone", lambda text: bool(_mobile.fullmatch(text) or _phone.fullmatch(text))),
    )
    for kind, test in tests:
        if sum(map(test, texts)) >= 0.5 * len(texts):
            return kind
    if loose and sum(_loose_phone.fullmatch(text) is not None for text in texts) >= 0.5 * len(texts):
        return "phone"
    return None


def masked(text: str) -> str:
    """A free text without addresses, telephone and resident numbers and plates.

    >>> masked("call 13812345678 or a.b@example.com"), masked("pump 12 failed at 14:05")
    ('call [phone] or [e-mail]', 'pump 12 failed at 14:05')
    """
    if len(text) < 7:
        return text
    text = _mail.sub("[e-mail]", text) if "@" in text else text
    if not any(sign.isdigit() for sign in text):
        return text
    text = _resident.sub(lambda found: "[id]" if is_resident_number(found[0]) else found[0], text)
    text = re.sub(rf"(?<!\d){_mobile.pattern}(?!\d)", "[phone]", text)
    return text if text.isascii() else _plate.sub("[plate]", text)
