"""Writes an archive to stdout that wants to get out of the folder that it is unpacked into.

    hostile.py tar|zip

The folder has a file called precious beside it. Only what is called good is good.
"""
import io
import stat
import sys
import tarfile
import zipfile

OUTSIDE = [b"/sidecar-hostile", b"../precious", b"../new", b"a/../../precious", b"./../new", b".."]


def tar(out):
    with tarfile.open(fileobj=out, mode="w|") as archive:
        def add(name, kind=tarfile.REGTYPE, link="", content=b"evil"):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            if kind == tarfile.REGTYPE:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

        for name in OUTSIDE:
            add(name.decode())
        add("up", tarfile.SYMTYPE, "..")
        add("up/precious")
        add("up/new")
        add("root", tarfile.SYMTYPE, "/")
        add("root/sidecar-hostile")
        add("file", tarfile.SYMTYPE, "../precious")
        add("file")
        add("hard", tarfile.LNKTYPE, "../precious")
        add("hard")
        add("harder", tarfile.LNKTYPE, "up/precious")
        add("device", tarfile.CHRTYPE)
        add("up", tarfile.DIRTYPE)
        add("up/again")
        add("good", content=b"good")


def zip_(out):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        def add(name, kind=stat.S_IFREG, content=b"evil", method=zipfile.ZIP_STORED):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (kind | 0o644) << 16
            entry.compress_type = method
            archive.writestr(entry, content)

        for name in OUTSIDE:
            add(name.decode())
        add("up", stat.S_IFLNK, "..")
        add("up/precious")
        add("file", stat.S_IFLNK, "../precious")
        add("device", stat.S_IFCHR, b"")
        add("good", content=b"good")
        add("bomb", content=bytes(50 << 20), method=zipfile.ZIP_DEFLATED)
    # The bomb says that it is small.
    out.write(packed.getvalue().replace((50 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))


if __name__ == "__main__":
    {"tar": tar, "zip": zip_}[sys.argv[1]](sys.stdout.buffer)
