"""Unpacks some members of a wheel: unpack_wheel.py WHEEL DESTINATION MEMBER...

A member that ends in a slash is a folder. Prints "bytes-done bytes-in-all" as it goes.
"""

import os
import sys
import zipfile

wheel, destination, *members = sys.argv[1:]
folders = tuple(member for member in members if member.endswith("/"))
files = set(members) - set(folders)

with zipfile.ZipFile(wheel) as archive:
    wanted = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and (entry.filename in files or entry.filename.startswith(folders))
    ]
    missing = files.difference(entry.filename for entry in wanted)
    if missing:
        sys.exit("The wheel does not contain " + ", ".join(sorted(missing)) + ".")
    total = sum(entry.file_size for entry in wanted)
    done = reported = 0
    for entry in wanted:
        target = os.path.join(destination, entry.filename)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(entry) as source, open(target, "wb") as sink:
            while chunk := source.read(1 << 20):
                sink.write(chunk)
                done += len(chunk)
                if done - reported >= 8 << 20:
                    reported = done
                    print(done, total, flush=True)
    print(total, total, flush=True)
