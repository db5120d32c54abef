"""Damage to the folder of a recording: files that are missing, empty, renamed, links, folders in their place."""
import os
import shutil
import socket
import unicodedata
from pathlib import Path

from media import mutate_media
from values import mutate_json

MEDIA = {".mp4", ".m4a", ".m4s", ".ogg", ".mp3", ".tmp", ".png", ".jpg", ".jpeg"}


def files_of(root, endings=None):
    """The regular files of a recording in order of their names."""
    found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path for path in found if endings is None or path.suffix.lower() in endings)


def mutate_structure(random, root):
    """One change of what is where; what was done."""
    everything = sorted(root.rglob("*"))
    if not everything:
        return "nothing"
    path = random.choice(everything)
    name = path.relative_to(root)
    kind = random.choice(["delete", "delete", "empty", "rename", "upper", "folder", "loop", "outside", "dangling", "inside", "pipe",
                          "socket", "more", "odd", "deep", "parent", "swap", "decomposed", "device"])

    def gone():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    if kind == "delete":
        gone()
    elif kind == "empty":
        if path.is_dir():
            shutil.rmtree(path)
            path.mkdir()
        else:
            path.write_bytes(b"")
    elif kind == "rename":
        path.rename(path.with_name(path.name + random.choice([".bak", " ", "~", ".tmp", ".partial"])))
    elif kind == "upper":
        path.rename(path.with_name(path.name.upper()))
    elif kind == "decomposed":
        path.rename(path.with_name(unicodedata.normalize("NFD", "é" + path.name)))
    elif kind == "folder":
        gone()
        path.mkdir()
    elif kind == "loop":
        gone()
        path.symlink_to(path.name)
    elif kind == "outside":
        gone()
        path.symlink_to(random.choice(["/etc/passwd", "/", "/dev/zero", "..", "../../../../../../etc"]))
    elif kind == "dangling":
        gone()
        path.symlink_to("nowhere")
    elif kind == "inside":
        other = random.choice(everything)
        if other not in (path, *path.parents) and path not in other.parents:
            gone()
            path.symlink_to(os.path.relpath(other, path.parent))
    elif kind == "pipe":
        gone()
        os.mkfifo(path)
    elif kind == "socket":
        gone()
        make_socket(path)
    elif kind == "device":
        gone()
        path.symlink_to(random.choice(["/dev/full", "/dev/null", "/dev/random", "/proc/self/mem", "/proc/self/fd/0"]))
    elif kind == "more":
        folder = path if path.is_dir() and not path.is_symlink() else path.parent
        for number in range(random.choice([1, 50, 3000])):
            (folder / f"segment_{number:03}.m4s").write_bytes(b"")
    elif kind == "odd":
        folder = path if path.is_dir() and not path.is_symlink() else path.parent
        for odd in [b"\xff\xfe", b"a\nb\x1b[2J", b"-rf", b"n" * 255, "\u202e.mp4".encode()]:
            Path(os.fsdecode(os.path.join(os.fsencode(folder), odd))).write_bytes(b"odd")
    elif kind == "deep":
        folder = path if path.is_dir() and not path.is_symlink() else path.parent
        os.makedirs(folder / "/".join(["d"] * 60))
    elif kind == "parent":
        folder = path.parent
        if folder != root:
            moved = folder.with_name(folder.name + "-moved")
            folder.rename(moved)
            folder.symlink_to(moved.name)
    elif kind == "swap":
        other = random.choice(files_of(root) or [path])
        if path.is_file() and other != path:
            a, b = path.read_bytes(), other.read_bytes()
            path.write_bytes(b)
            other.write_bytes(a)
    return f"{name}: {kind}"


def make_socket(path):
    """Sockets have short names: made from inside of its folder by way of a file descriptor."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        path.write_bytes(b"")
    finally:
        os.close(folder)


def mutate(random, root):
    """One change of any kind; what was done."""
    texts, media = files_of(root, {".json"}), files_of(root, MEDIA)
    pick = random.random()
    try:
        if pick < 0.5 and texts:
            # The two main files are drawn as often as all others.
            main = [path for path in texts if path.parent == root]
            path = random.choice(main if main and random.random() < 0.7 else texts)
            return f"{path.relative_to(root)}: {mutate_json(random, path)}"
        if pick < 0.88 and media:
            path = random.choice(media)
            return f"{path.relative_to(root)}: {mutate_media(random, path, media)}"
        return mutate_structure(random, root)
    except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        # An earlier change took away what this one needed.
        return f"nothing ({error.__class__.__name__})"
