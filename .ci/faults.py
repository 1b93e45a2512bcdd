"""Put faults into wizards, one at a time, and count which `prove` and `check` name."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from seeded_faults import faults, named, some_faults  # noqa: E402

DEFAULT = 100  # faults


def main(arguments: list[str]) -> int:
    """Print each fault with what names it, and counts. ``all`` takes all faults."""
    wanted = arguments[0] if arguments else str(DEFAULT)
    chosen = faults() if wanted == "all" else some_faults(int(wanted))
    counts: Counter[tuple[str, bool]] = Counter()
    for fault in chosen:
        found = named(fault)
        counts[fault.operator, bool(found)] += 1
        print(f"{'named ' if found else 'MISSED'} {fault}", flush=True)
        if found:
            print(f"           by {found[0]}")
    print()
    for operator in dict.fromkeys(name for name, _ in counts):
        of = counts[operator, True] + counts[operator, False]
        print(f"{counts[operator, True]:>4} of {of:>4}  {operator}")
    total = sum(count for (_, is_named), count in counts.items() if is_named)
    print(f"{total:>4} of {len(chosen):>4}  in all")
    return 0 if total >= 0.95 * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
