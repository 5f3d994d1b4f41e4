"""Unpacks an archive into the current folder with Python's own modules: unpack.py ARCHIVE."""

import calendar
import os
import shutil
import stat
import sys
import tarfile
import zipfile


def unpack_tar(path):
    with tarfile.open(path) as archive:
        # As the superuser's tar would, and as Pythons before 3.14 do by default.
        archive.extraction_filter = lambda member, path: member
        archive.extractall(numeric_owner=True)


def unpack_zip(path):
    """What `zipfile` reads; the modes, links and times that it reads but does not restore, too."""
    with zipfile.ZipFile(path) as archive:
        late = []
        for info in archive.infolist():
            utf8 = info.flag_bits & 0x800
            name = os.fsencode(info.filename) if utf8 else info.filename.encode("cp437")
            mode = info.external_attr >> 16
            os.makedirs(os.path.dirname(name) or b".", exist_ok=True)
            if stat.S_ISLNK(mode):
                os.symlink(archive.read(info), name)
                continue
            if info.is_dir():
                os.makedirs(name, exist_ok=True)
            else:
                with archive.open(info) as source, open(name, "wb") as file:
                    shutil.copyfileobj(source, file)
            late.append((name, mode, calendar.timegm(info.date_time)))
        # Directories after what is in them.
        for name, mode, time in sorted(late, reverse=True):
            os.chmod(name, stat.S_IMODE(mode))
            os.utime(name, (time, time))


unpack = unpack_zip if sys.argv[1].endswith(".zip") else unpack_tar
unpack(sys.argv[1])
