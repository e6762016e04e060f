"""What to do about a broken rule, in words."""

from __future__ import annotations

from sqlglot import exp

from cchc_pipeline.contracts.model import Contract, Rule
from cchc_pipeline.contracts.rules import ROW_NUMBER, is_releasable


def columns_of(rule: Rule, contract: Contract) -> list[str]:
    """Names of the columns that `rule` looks at, in the order in which its predicate names them."""
    names = dict.fromkeys(column.name for column in rule.predicate.find_all(exp.Column))
    return [name for name in contract.column_names if name in names and name != ROW_NUMBER]


def fix(rule: Rule, contract: Contract) -> tuple[str, str]:
    """What whoever keeps the record should do: a Vietnamese and an English sentence."""
    columns = [contract.column(name) for name in columns_of(rule, contract)]
    vi = ", ".join(f"«{column.label_vi}»" for column in columns)
    en = ", ".join(f"«{column.label_en}»" for column in columns)
    suffix = rule.id.split(".", 1)[1]
    if suffix == "key_unique":
        return (
            f"Tìm bản ghi trùng ({vi}) trong hệ thống nguồn và xóa hoặc sửa bản ghi thừa.",
            f"Find the records with the same {en} in the source system; remove or correct the superfluous one.",
        )
    if suffix == "parse_errors_present":
        return (
            "Xem cột parse_errors: sửa giá trị nêu ở đó cho đúng định dạng trong hệ thống nguồn.",
            "See the column parse_errors: correct the value named there in the source system.",
        )
    if rule.id == f"{contract.name}.{rule.column}_required":
        return f"Nhập {vi} trong hệ thống nguồn.", f"Enter {en} in the source system."
    if rule.severity == "note":
        return "Không phải xử lý; chỉ để biết.", "Nothing to do; for information only."
    if rule.severity == "warn":
        return f"Kiểm tra {vi} và sửa nếu sai.", f"Check {en} and correct it where it is wrong."
    told = f"Sửa {vi} trong hệ thống nguồn", f"Correct {en} in the source system"
    if not is_releasable(rule, contract):
        return f"{told[0]}.", f"{told[1]}."
    return (
        f"{told[0]}; nếu bản ghi đúng như vậy, có thể chấp nhận kèm lý do.",
        f"{told[1]}; if the record is right as it is, it can be released with a reason.",
    )
