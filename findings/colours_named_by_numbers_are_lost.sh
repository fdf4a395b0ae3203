#!/usr/bin/env bash
# Pillow 13.0.0
#
# Expected: a picture whose colours are Display P3 comes out of Pillow with its ICC profile in `info`, so that whoever
#           needs sRGB converts where there is one, and a picture without one is in sRGB.
# Happens:  AVIF and PNG may name their colours by numbers instead (ITU-T H.273: 12 are P3's primaries, 13 is sRGB's
#           curve). Pillow hands out P3's numbers and says nothing of it in `info`; what it saves from them claims the
#           primaries of sRGB (AVIF) or nothing (PNG), so a copy has other colours than its original: a full red of sRGB
#           (255, 0, 0), which is (234, 51, 35) in P3, has become a brick red. HEIC has the same numbers; pillow-heif
#           1.8.1 tells of them in `info` ("nclx_profile") and keeps them in a copy.
# Seen:
#   PNG: names (12, 13), info tells [], P3's numbers: True, a copy names None
#   AVIF: names (12, 13), info tells [], P3's numbers: True, a copy names (1, 13)
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" pillow==13.0.0

python - <<'PY'
import io
import struct
import zlib

from PIL import Image

RED_IN_P3 = (234, 51, 35)
P3 = (12, 13)


def written(image, form):
    image.save(file := io.BytesIO(), form, **({} if form == "PNG" else {"quality": 100}))
    return file.getvalue()


def as_p3(data):
    """The same file with the numbers of Display P3: in its colr box, or in a cICP chunk behind a PNG's header."""
    if data.startswith(b"\x89PNG"):
        chunk = b"cICP" + bytes((*P3, 0, 1))
        return data[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", *P3) + data[at + 4 :]


def numbers(data):
    if data.startswith(b"\x89PNG"):
        at = data.find(b"cICP")
        return None if at < 0 else tuple(data[at + 4 : at + 6])
    at = data.find(b"colrnclx")
    return None if at < 0 else struct.unpack_from(">HH", data, at + 8)


changed = False
for form in ("PNG", "AVIF"):
    original = as_p3(written(Image.new("RGB", (64, 64), RED_IN_P3), form))
    with Image.open(io.BytesIO(original)) as image:
        image.load()
        told = sorted(set(image.info) & {"icc_profile", "cicp", "nclx_profile"})
        pixel = image.convert("RGB").getpixel((9, 9))
        copy = written(image, form)
    off = max(abs(one - two) for one, two in zip(pixel, RED_IN_P3))
    print(f"{form}: names {numbers(original)}, info tells {told}, P3's numbers: {off <= 2}, a copy names {numbers(copy)}")
    changed |= numbers(original) != P3 or off > 2 or numbers(copy) == P3 or bool(told)
if changed:
    raise SystemExit("Changed: see above.")
PY
