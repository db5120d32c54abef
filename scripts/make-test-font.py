#!/usr/bin/env python3
"""Makes the font that the tests of src/text use.

    scripts/make-test-font.py src/text/tests/capstan-test.ttf

Every glyph is made of rectangles drawn here, in thousandths of the font size, so that tests know each pixel. Needs
fonttools (pip install fonttools).
"""

import sys

from fontTools.colorLib.builder import buildCOLR, buildCPAL
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

# name: (advance, rectangle as left, bottom, right, top)
GLYPHS = {
    ".notdef": (500, (100, 0, 400, 700)),
    "space": (500, None),
    "a": (500, (100, 0, 400, 500)),
    "b": (500, (50, 0, 450, 800)),
    "square": (1000, (0, 0, 1000, 1000)),
    "left": (1000, (0, 0, 500, 1000)),
    "right": (1000, (500, 0, 1000, 1000)),
}


def outline(rectangle):
    pen = TTGlyphPen(None)
    if rectangle:
        left, bottom, right, top = rectangle
        pen.moveTo((left, bottom))
        for point in (left, top), (right, top), (right, bottom):
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def main(path):
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(GLYPHS))
    font.setupCharacterMap({0x20: "space", 0x61: "a", 0x62: "b", 0x1F600: "square"})
    font.setupGlyf({name: outline(rectangle) for name, (_, rectangle) in GLYPHS.items()})
    font.setupHorizontalMetrics(
        {name: (advance, rectangle[0] if rectangle else 0) for name, (advance, rectangle) in GLYPHS.items()}
    )
    font.setupHorizontalHeader(ascent=1000, descent=-200)
    font.setupNameTable({"familyName": "Capstan Test", "styleName": "Regular", "psName": "CapstanTest-Regular"})
    font.setupOS2(sTypoAscender=1000, sTypoDescender=-200, usWinAscent=1000, usWinDescent=200)
    font.setupPost()
    # U+1F600 is red on its left half and blue on its right.
    font.font["COLR"] = buildCOLR({"square": [("left", 0), ("right", 1)]})
    font.font["CPAL"] = buildCPAL([[(1, 0, 0, 1), (0, 0, 1, 1)]])
    font.font.recalcTimestamp = False
    font.font["head"].created = font.font["head"].modified = 0
    font.save(path)


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
