"""Makes an archive of a folder by a library of Python, and tells what it took."""

import json
import os
import sys
import time

started = time.monotonic()


def with_zipfile(names, folder, out):
    import zipfile

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(os.path.join(folder, name), name)


def with_zipstream(names, folder, out):
    from zipstream import ZIP_DEFLATED, ZipStream

    stream = ZipStream(compress_type=ZIP_DEFLATED)
    for name in names:
        stream.add_path(os.path.join(folder, name), name)
    out.writelines(stream)


def with_stream_zip(names, folder, out):
    from datetime import datetime

    from stream_zip import ZIP_AUTO, stream_zip

    def content(path):
        with open(path, "rb") as file:
            while chunk := file.read(65536):
                yield chunk

    def members():
        for name in names:
            path = os.path.join(folder, name)
            size = os.path.getsize(path)
            yield name, datetime(2026, 4, 1), 0o600, ZIP_AUTO(size, level=6), content(path)

    for chunk in stream_zip(members()):
        out.write(chunk)


def peak_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main():
    library, folder, archive = sys.argv[1:]
    ways = {"zipfile": with_zipfile, "zipstream-ng": with_zipstream, "stream-zip": with_stream_zip}
    with open(archive, "wb") as out:
        ways[library](sorted(os.listdir(folder)), folder, out)
    figures = {
        "bytes": os.path.getsize(archive),
        "cpu_us": int(time.process_time() * 1e6),
        "wall_us": int((time.monotonic() - started) * 1e6),
        "peak_kib": peak_kib(),
    }
    print(json.dumps(figures))


main()
