"""Reads every member of an archive, and tells how many there are."""

import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as archive:
    wrong = archive.testzip()
    if wrong is not None:
        sys.exit(f"the checksum of a member is wrong: {wrong}")
    print(len(archive.infolist()))
