"""Build invented names, numbers and addresses that can belong to nobody."""

from __future__ import annotations

PEOPLE = 1_000_000


def name(person: int) -> str:
    """Return the invented name of person `person`."""
    return f"NGƯỜI MẪU {person:06d}"


def identity_number(person: int) -> str:
    """Return twelve digits no citizen has; real province codes end at 096."""
    return f"999{person:09d}"


def phone(person: int) -> str:
    """Return a number of the unassigned block +84000."""
    return f"+84000{person:06d}"


def email(person: int) -> str:
    """Return an address of the reserved domain example.invalid."""
    return f"mau{person:06d}@example.invalid"


def applicant(person: int, place: str, *, organisation: bool, request: str) -> str:
    """Build the `applicant` JSON text; `place` and `request` must hold no quotes."""
    who = name(person)
    company = f'"CÔNG TY MẪU {person % 10000:04d}"' if organisation else "null"
    return (
        f'{{"eformId":"64b1{person:020x}","userId":"64b2{person:020x}","data":{{"fullname":"{who}",'
        f'"ownerFullname":"{"Ông" if person % 2 else "Bà"} {who}","identityNumber":"{identity_number(person)}",'
        f'"identityDate":"2021-05-09T17:00:00.000+0000","birthday":"{1950 + person % 55}-12-31T17:00:00.000+0000",'
        f'"gender":{person % 2},"phoneNumber":"{phone(person)}","email":"{email(person)}",'
        f'"address":"Số {person % 200 + 1} đường Mẫu, {place}",'
        '"province":{"label":"Tỉnh Mẫu","value":"64b300000000000000000001"},"district":null,'
        f'"village":{{"label":"{place}","value":"64b0{person % 1000:020x}"}},'
        '"nation":{"label":"Việt Nam","value":"64b300000000000000000228"},'
        f'"organization":{company},"noidungyeucaugiaiquyet":"{request}"}}}}'
    )
