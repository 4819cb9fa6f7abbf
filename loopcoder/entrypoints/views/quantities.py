"""Durations, sizes, money and token counts as people write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_BINARY = {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_COUNTS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def parse_duration(value: object) -> float:
    """Seconds from `90s`, `20m`, `2h30m`, `30d`, or a number of seconds."""
    if _is_number(value):
        return float(str(value))
    text = str(value).strip().replace(" ", "")
    if not isinstance(value, str) or not _DURATION.fullmatch(text):
        raise ValueError("write a duration such as 90s, 20m, 2h30m or 30d")
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
    return float(sum(float(amount) * _SECONDS[unit] for amount, unit in parts))


def parse_size(value: object) -> int:
    """Bytes from `4MB`, `512KiB`, or a number of bytes."""
    return _scaled(value, {**_BYTES, **_BINARY}, "write a size such as 512KB, 4MB or 1GiB")


def parse_count(value: object) -> int:
    """A count from `2M`, `500k`, or a whole number."""
    return _scaled(value, _COUNTS, "write a count such as 500k, 2M or 150000")


def parse_money(value: object) -> Decimal:
    """US dollars from `$2`, `$0.50` or a number."""
    text = str(value).strip()
    hint = "write an amount of US dollars such as $2 or $0.50"
    if not (_is_number(value) or isinstance(value, str)):
        raise ValueError(hint)
    try:
        amount = Decimal(text.removeprefix("$").strip())
    except InvalidOperation:
        raise ValueError(hint) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(hint)
    return amount


def show_money(amount: Decimal) -> str:
    """Dollars, with cents only where there are some."""
    return f"${amount:.0f}" if amount == amount.to_integral_value() else f"${amount:.2f}"


def show_duration(seconds: float) -> str:
    """The shortest spelling that `parse_duration` reads back."""
    rest, parts = round(seconds), []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def show_size(amount: int) -> str:
    """Bytes with the largest decimal unit that divides them."""
    for unit in ("GB", "MB", "KB"):
        if amount and amount % _BYTES[unit] == 0:
            return f"{amount // _BYTES[unit]}{unit}"
    return str(amount)


def show_count(amount: int) -> str:
    for unit in ("M", "K"):
        if amount and amount % _COUNTS[unit] == 0:
            return f"{amount // _COUNTS[unit]}{unit.lower() if unit == 'K' else unit}"
    return str(amount)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _scaled(value: object, units: dict[str, int], hint: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    factor = units.get(match[2].upper()) if match else None
    if match is None or factor is None:
        raise ValueError(hint)
    return int(Decimal(match[1]) * factor)
