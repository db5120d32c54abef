"""Damage to JSON files: values, structure, text."""
import json

# Values that programs stumble over.
NUMBERS = [0, -0.0, 1, -1, 2, 0.5, 1e-9, 1e-300, -1e-5, 1e9, 1e18, 1e300, -1e300, 255, 256, 65535, 65536, 2**31 - 1, 2**31,
           -(2**31), 2**32, 2**53, 2**63, 2**64, -(2**63), 86400, 86400.001, 3.4e38, 1e39, 0.1 + 0.2]
TEXTS = ["", ".", "..", "/", "\\", "content", "content/", "../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin",
         "content/../../x", "C:\\x", "\\\\host\\share", "file:///etc/passwd", "http://127.0.0.1/x", "concat:a|b", "a" * 300,
         "b" * 5000, "\u0000", "\u001b[2J\u001b[31m", "\u202egnp.exe", "é", "é", "👩‍👩‍👧‍👦" * 20, "مرحبا", "\n\r\t", "%s%n", "NaN", "-1",
         "#fff", "#12345g", "red", "\ufeff", "nul", "content/segments/segment-0/display.mp4", "recording-meta.json",
         "content/cursors/cursor_0.png", "Complete", "InProgress", "NeedsRemux", "Failed", "́" * 500]
SHAPES = [None, True, False, [], {}, [[]], [None], {"": None}, [0] * 5, {"x": 0, "y": 0}, {"x": 1e308, "y": -1e308}]
# Text in the place of a value that json.dumps can't write.
RAW = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "1.", "'a'", "undefined", '"\\ud800"', '"\\u0000"', "[" * 3000,
       "[" * 200 + "]" * 200, '{"a":' * 400 + "1" + "}" * 400, "1" * 400, "0." + "1" * 4000, '"' + "x" * 70000 + '"', '"\x01"', "//", ","]
MARK = "\u2603raw\u2603"


def places(tree, at=()):
    """Every place in a tree, as its path."""
    yield at
    if isinstance(tree, dict):
        for key in list(tree):
            yield from places(tree[key], (*at, key))
    elif isinstance(tree, list):
        for index in range(min(len(tree), 40)):
            yield from places(tree[index], (*at, index))


def get(tree, path):
    for step in path:
        tree = tree[step]
    return tree


def put(tree, path, value):
    if not path:
        return value
    get(tree, path[:-1])[path[-1]] = value
    return tree


def some_value(random, tree):
    """Any value, or one from another place of the same file."""
    pick = random.random()
    if pick < 0.45:
        return random.choice(NUMBERS)
    if pick < 0.7:
        return random.choice(TEXTS)
    if pick < 0.85:
        return random.choice(SHAPES)
    return get(tree, random.choice(list(places(tree))))


def near(random, value):
    """A value of the same type that is not far away: it passes checks that others don't."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        factor = random.choice([-1, 0, 0.001, 0.5, 0.99, 1.01, 2, 10, 1000, 100000])
        changed = value * factor + random.choice([0, 0, 0, 1, -1, 0.25])
        return int(changed) if isinstance(value, int) and abs(changed) < 1e15 else changed
    if isinstance(value, str):
        at = random.randrange(len(value) + 1)
        return value[:at] + random.choice(["x", " ", "/", "é", "\u001b", ""]) + value[at + random.choice([0, 1]):]
    if isinstance(value, list):
        return random.choice([value[::-1], value + value, value[:-1], value[1:], value * random.choice([3, 50, 3000])])
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: value[key] for key in keys[: random.randrange(len(keys) + 1)]}
    return random.choice(NUMBERS)


def mutate_tree(random, tree):
    """One change; the tree, a text that stands for `MARK` in it, and what was done."""
    leaves = list(places(tree))
    path = random.choice(leaves)
    name = "/".join(map(str, path)) or "(all)"
    kind = random.choice(["value", "value", "near", "near", "near", "near", "delete", "rename", "swap", "add", "raw", "depth"])
    value = get(tree, path)
    if kind == "value":
        new = some_value(random, tree)
        return put(tree, path, json.loads(json.dumps(new))), None, f"{name} = {json.dumps(new)[:80]}"
    if kind == "near":
        new = near(random, value)
        return put(tree, path, json.loads(json.dumps(new))), None, f"{name}: {json.dumps(value)[:40]} -> {json.dumps(new)[:80]}"
    if kind == "delete" and path:
        del get(tree, path[:-1])[path[-1]]
        return tree, None, f"{name} deleted"
    if kind == "rename" and path and isinstance(path[-1], str):
        parent = get(tree, path[:-1])
        parent[random.choice([path[-1].upper(), path[-1] + "x", "", "type", "path", "start"])] = parent.pop(path[-1])
        return tree, None, f"{name} renamed"
    if kind == "swap":
        other = random.choice(leaves)
        if path[: len(other)] != other and other[: len(path)] != path:
            a, b = get(tree, path), get(tree, other)
            put(tree, path, b)
            put(tree, other, a)
        return tree, None, f"{name} swapped with {other}"
    if kind == "add" and isinstance(value, (dict, list)):
        new = some_value(random, tree)
        new = json.loads(json.dumps(new))
        if isinstance(value, list):
            value.extend([new] * random.choice([1, 1, 2, 100, 5000]))
        else:
            value[random.choice(["", "x", "type", "path", "start", "end", "__proto__"])] = new
        return tree, None, f"{name} has {json.dumps(new)[:60]} more"
    raw = random.choice(RAW)
    return put(tree, path, MARK), raw, f"{name} = {raw[:40]}"


def mutate_text(random, data):
    """A change to the file as bytes."""
    kind = random.choice(["cut", "bytes", "mark", "utf16", "tail", "empty", "nul", "twice", "comment", "crlf", "latin"])
    if kind == "cut":
        return data[: random.randrange(len(data) + 1)], "cut off"
    if kind == "bytes":
        data = bytearray(data)
        for _ in range(random.choice([1, 2, 8])):
            if data:
                data[random.randrange(len(data))] = random.randrange(256)
        return bytes(data), "random bytes"
    text = data.decode("utf-8", "replace")
    return {
        "mark": b"\xef\xbb\xbf" + data, "utf16": text.encode(random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32"])),
        "tail": data + random.choice([b"}", b"\0", b"garbage", b"{}", b"\n\n"]), "empty": b"", "nul": bytes(len(data)),
        "twice": data + data, "comment": b"/* a */" + data, "crlf": data.replace(b"\n", b"\r\n"), "latin": data + b"\xff\xfe\xe9",
    }[kind], kind


def mutate_json(random, path):
    """Changes the JSON file at `path`; what was done."""
    data = path.read_bytes()
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        tree = None
    if tree is None or random.random() < 0.12:
        data, done = mutate_text(random, data)
        path.write_bytes(data)
        return done
    tree, raw, done = mutate_tree(random, tree)
    try:
        text = json.dumps(tree)
    except (ValueError, RecursionError):
        return "nothing"
    if raw is not None:
        text = text.replace(json.dumps(MARK), raw)
    path.write_text(text, errors="surrogatepass")
    return done
