"""Traditional characters of headers and units as the simplified ones that the catalogue is written in.

Only the characters of the catalogue and of lengths of time: names and reasons stay as the file has them.
"""

from __future__ import annotations

_PAIRS = (
    "義义業业產产從从價价優优體体沖冲準准幾几別别則则劃划動动務务區区單单廠厂歷历參参臺台號号後后壞坏場场備备複复復复"
    "實实層层幣币並并開开廢废異异錄录態态總总報报護护損损換换數数無无時时來来構构標标樣样橫横機机狀状環环現现電电碼码"
    "種种稱称稅税級级縱纵線线組组終终結结續续維维緩缓編编聯联節节規规觸触計计訂订記记論论設设誤误說说調调負负賬账貨货"
    "質质費费資资車车轉转輪轮輸输運运達达適适遞递採采鐘钟錯错長长門门間间際际險险隨随項项順顺預预額额驟骤秒秒鐘钟週周"
    "齣出點点熱热緊紧類类隊队員员處处維维製制頻频壓压噸吨個个壹一貳二計计歲岁東东庫库訊讯"
)
_TABLE = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
CHARACTERS = frozenset(_PAIRS[::2])
"""The traditional ones."""


def simplified(text: str) -> str:
    """The text with the traditional characters of headers and units made simplified.

    >>> simplified("設備名稱"), simplified("停機時長(分鐘)"), simplified("Machine")
    ('设备名称', '停机时长(分钟)', 'Machine')
    """
    return text if text.isascii() else text.translate(_TABLE)
