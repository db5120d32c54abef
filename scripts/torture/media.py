"""Damage to sound, video and image files: bytes, boxes, pages, headers."""
import os
import struct
import zlib

BOXES = [b"ftyp", b"moov", b"mvhd", b"trak", b"tkhd", b"edts", b"elst", b"mdia", b"mdhd", b"hdlr", b"minf", b"stbl", b"stsd", b"avc1",
         b"avcC", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"mdat", b"moof", b"mfhd", b"traf", b"tfhd", b"tfdt",
         b"trun", b"mvex", b"trex", b"mp4a", b"esds", b"colr", b"pasp", b"dref", b"sidx", b"styp", b"udta"]
WORDS = [0, 1, 7, 8, 9, 15, 16, 255, 256, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0]


def mutate_bytes(random, data):
    """One change that knows nothing of the format."""
    data = bytearray(data)
    size = len(data)
    at = random.randrange(size + 1)
    length = min(random.choice([1, 4, 64, 512, 4096, 40000]), size - at)
    kind = random.choice(["flip", "flip", "zero", "noise", "cut", "insert", "remove", "twice", "move", "grow", "ones"])
    if kind == "flip":
        for _ in range(random.choice([1, 1, 3, 30])):
            if size:
                data[random.randrange(size)] ^= 1 << random.randrange(8)
    elif kind == "zero":
        data[at : at + length] = bytes(length)
    elif kind == "ones":
        data[at : at + length] = b"\xff" * length
    elif kind == "noise":
        data[at : at + length] = random.randbytes(length)
    elif kind == "cut":
        del data[at:]
    elif kind == "insert":
        data[at:at] = random.randbytes(random.choice([1, 3, 100, 5000]))
    elif kind == "remove":
        del data[at : at + length]
    elif kind == "twice":
        data[at:at] = data[at : at + length]
    elif kind == "move":
        piece = data[at : at + length]
        del data[at : at + length]
        to = random.randrange(len(data) + 1)
        data[to:to] = piece
    else:
        data += random.choice([bytes(100000), b"moof" * 1000, random.randbytes(3000), b"OggS" * 500])
    return bytes(data), f"{kind} at {at} of {size}, {length}"


def mutate_boxes(random, data):
    """One change of an MP4's boxes: a size, a name, a field."""
    found = []
    for name in BOXES:
        start = data.find(name)
        while start >= 4:
            found.append((start - 4, name))
            start = data.find(name, start + 1)
    if not found:
        return mutate_bytes(random, data)
    at, name = random.choice(found)
    data = bytearray(data)
    kind = random.choice(["size", "field", "field", "field", "rename", "zero", "twice", "field64", "claim"])
    size = struct.unpack_from(">I", data, at)[0]
    where = at + 8 + 4 * random.randrange(12)
    if kind == "size":
        struct.pack_into(">I", data, at, random.choice([*WORDS, size + 1, max(size - 1, 0), size * 2 & 0xFFFFFFFF]))
    elif kind == "field" and where + 4 <= len(data):
        value = struct.unpack_from(">I", data, where)[0]
        struct.pack_into(">I", data, where, random.choice([*WORDS, value + 1 & 0xFFFFFFFF, value ^ 1, value * 2 & 0xFFFFFFFF]))
    elif kind == "field64" and where + 8 <= len(data):
        struct.pack_into(">Q", data, where, random.choice([2**63, 2**64 - 1, 2**32, 2**62 - 1, 10**12]))
    elif kind == "claim":
        return claim(random, data, found)
    elif kind == "rename":
        data[at + 4 : at + 8] = random.choice([*BOXES, b"free", b"\0\0\0\0", b"uuid"])
    elif kind == "zero":
        end = min(at + max(size, 8), len(data))
        data[at:end] = bytes(end - at)
    elif kind == "twice" and size < 200_000:
        data[at:at] = data[at : at + size]
    return bytes(data), f"{kind} of {name.decode()} at {at}"


def claim(random, data, found):
    """Lets a table count millions of samples that it need not describe: a run without fields, samples of one size, long chunks."""
    tables = [(at, name) for at, name in found if name in (b"trun", b"stsz", b"stsc", b"stts", b"ctts")]
    if not tables:
        return bytes(data), "nothing to claim with"
    at, name = random.choice(tables)
    count = random.choice([10**6, 80_000_000, 170_000_000, 2**31 - 1, 2**32 - 1])
    # Behind the header of the box: flags and count; flags, size and count; flags, entries, and the first entry.
    words = {b"trun": (0, count), b"stsz": (0, 1, count), b"stsc": (0, 1, 1, count, 1)}.get(name, (0, 1, count, 1))
    if at + 8 + 4 * len(words) <= len(data):
        struct.pack_into(f">{len(words)}I", data, at + 8, *words)
    return bytes(data), f"{name.decode()} at {at} counts {count}"


def mutate_pages(random, data):
    """One change of an Ogg file's pages; checksums are mended, so that the change is believed."""
    starts = []
    at = data.find(b"OggS")
    while at >= 0:
        starts.append(at)
        at = data.find(b"OggS", at + 1)
    if not starts:
        return mutate_bytes(random, data)
    number = random.randrange(len(starts))
    at = starts[number]
    end = starts[number + 1] if number + 1 < len(starts) else len(data)
    page = bytearray(data[at:end])
    if len(page) < 28:
        return mutate_bytes(random, data)
    kind = random.choice(["granule", "serial", "sequence", "flags", "table", "remove", "twice", "content"])
    if kind == "granule":
        struct.pack_into("<Q", page, 6, random.choice([0, 1, 2**63, 2**64 - 1, 2**62, 10**9, 48000 * 86400 * 5]))
    elif kind == "serial":
        struct.pack_into("<I", page, 14, random.choice(WORDS))
    elif kind == "sequence":
        struct.pack_into("<I", page, 18, random.choice(WORDS))
    elif kind == "flags":
        page[5] = random.randrange(256)
    elif kind == "table":
        page[26] = random.choice([0, 1, 254, 255])
    elif kind == "content":
        page[random.randrange(27, len(page))] ^= 1 << random.randrange(8)
    if kind == "remove":
        return data[:at] + data[end:], f"page {number} removed"
    if kind == "twice":
        return data[:end] + data[at:], f"page {number} twice"
    struct.pack_into("<I", page, 22, 0)
    struct.pack_into("<I", page, 22, ogg_checksum(page))
    return data[:at] + bytes(page) + data[end:], f"{kind} of page {number}"


def _table():
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


OGG_TABLE = _table()


def ogg_checksum(page):
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ OGG_TABLE[value >> 24 ^ byte]
    return value


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, colour=6, depth=8, channels=4):
    """A PNG of zeros: small, whatever it unpacks to."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes((width * channels * depth + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def mutate_image(random, data):
    """One change of an image, or another one in its place."""
    kind = random.choice(["bytes", "bytes", "header", "large", "wide", "deep", "svg", "gif"])
    if kind == "header" and data[:4] == b"\x89PNG":
        sides = random.choice([(0, 0), (1, 2**31 - 1), (2**31, 1), (65535, 65535), (30000, 30000), (1, 1)])
        header = struct.pack(">II", *sides) + data[24:29]
        return data[:8] + chunk(b"IHDR", header) + data[33:], f"sides {sides}"
    if kind == "large":
        side = random.choice([2048, 4096, 6000])
        return png(side, side), f"a PNG of {side}x{side}"
    if kind == "wide":
        return random.choice([png(20000, 1), png(1, 20000), png(1, 1)]), "a PNG of one row"
    if kind == "deep":
        return png(1500, 1500, depth=16), "a PNG of 16 bits"
    if kind == "svg":
        return b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "an SVG"
    if kind == "gif":
        return b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\1D\0;", "a GIF"
    return mutate_bytes(random, data)


def mutate_media(random, path, others):
    """Changes the file at `path`; what was done."""
    data = path.read_bytes()
    ending = path.suffix.lower()
    if random.random() < 0.07:
        other = random.choice(others)
        path.write_bytes(other.read_bytes())
        return f"{other.name} in its place"
    if random.random() < 0.01:
        os.truncate(path, random.choice([300 << 20, 5_000_000]))
        return "grown with zeros"
    if ending in {".png", ".jpg", ".jpeg"}:
        data, done = mutate_image(random, data)
    elif ending in {".ogg"} and random.random() < 0.7:
        data, done = mutate_pages(random, data)
    elif ending in {".mp4", ".m4a", ".m4s", ".tmp"} and random.random() < 0.65:
        data, done = mutate_boxes(random, data)
    else:
        data, done = mutate_bytes(random, data)
    path.write_bytes(data)
    return done
