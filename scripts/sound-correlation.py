#!/usr/bin/env python3
"""How alike the sound of two files is: the correlation of their decoded samples, side by side, and the levels.

    scripts/sound-correlation.py FILE REFERENCE [--min CORRELATION]

Both are decoded by ffmpeg to 48 kHz stereo; what one has beyond the other's end is left out. Exits with 1 below --min.
"""

import argparse
import array
import math
import subprocess
import sys


def samples(path):
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "s16le", "-ar", "48000", "-ac", "2", "-"]
    decoded = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    result = array.array("h")
    result.frombytes(decoded[: len(decoded) // 2 * 2])
    if sys.byteorder == "big":
        result.byteswap()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("reference")
    parser.add_argument("--min", type=float, default=None)
    arguments = parser.parse_args()
    a, b = samples(arguments.file), samples(arguments.reference)
    length = min(len(a), len(b))
    if length == 0:
        sys.exit("one of the files has no sound")
    aa = sum(x * x for x in a[:length])
    bb = sum(x * x for x in b[:length])
    ab = sum(x * y for x, y in zip(a, b))
    correlation = 1.0 if aa == bb == 0 else ab / math.sqrt(aa * bb) if aa and bb else 0.0
    level = 10 * math.log10(aa / bb) if aa and bb else math.inf
    print(f"sound: correlation {correlation:.5f}, level {level:+.2f} dB, {len(a) // 2} and {len(b) // 2} samples")
    if arguments.min is not None and correlation < arguments.min:
        sys.exit(1)


main()
