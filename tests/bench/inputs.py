"""What is backed up: made once, half of it incompressible."""
import random
import subprocess

MIB = 1 << 20
WORDS = [bytes(random.Random(seed).choices(b"etaoin shrdlu\n", k=9)) for seed in range(4096)]


def pieces(mib, seed):
    """Noise and text in turn, MiB by MiB."""
    dice = random.Random(seed)
    for index in range(mib):
        if index % 2:
            yield dice.randbytes(MIB)
        else:
            yield b" ".join(dice.choices(WORDS, k=MIB // 10))[:MIB].ljust(MIB)


def mixed_file(path, mib):
    with open(path, "wb") as file:
        for piece in pieces(mib, 1):
            file.write(piece)
    return path


def calm_file(path, mib):
    """One MiB of noise in eight, the others empty: ten GiB of it do not take the slow codecs an hour."""
    dice = random.Random(3)
    with open(path, "wb") as file:
        for index in range(mib):
            file.write(bytes(MIB) if index % 8 else dice.randbytes(MIB))
    return path


def packed(path, file):
    """The same, by gzip."""
    with open(path, "wb") as output:
        subprocess.run(["pigz", "-6", "-c", file], stdout=output, check=True)
    return path


def mixed_tree(path, mib):
    """Files of 16 MiB."""
    path.mkdir()
    for index in range(max(1, mib // 16)):
        with open(path / f"{index:04}.dat", "wb") as file:
            for piece in pieces(min(16, mib), index):
                file.write(piece)
    return path


def small_files(path, count):
    """About 4 KiB each, a hundred in a folder."""
    dice = random.Random(2)
    for index in range(count):
        folder = path / f"{index // 100:05}"
        if index % 100 == 0:
            folder.mkdir(parents=True)
        (folder / f"{index % 100:02}.txt").write_bytes(dice.randbytes(dice.randrange(8192)))
    return path


def links_to(path, file, count):
    """Files of the same content, which takes the disk once."""
    path.mkdir()
    for index in range(count):
        (path / f"{index:04}.dat").hardlink_to(file)
    return path
