#!/usr/bin/env bash
# Pillow 13.0.0
#
# Expected: whoever limits Image.open to some formats names them as Pillow itself does. MPO is what it calls a JPEG with
#           a second picture inside, as some cameras write it, so "MPO" joins the list.
# Happens:  the name is one to save under and to be told, not one to open: "JPEG" alone opens both, and with "MPO" in
#           the list a file of none of the formats before it ends in a bare KeyError instead of UnidentifiedImageError.
#           With "JPEG" first all good photos pass, and only the refusal is broken.
# Seen:
#   formats=['JPEG'], a JPEG: JPEG
#   formats=['JPEG'], a JPEG with a second picture: MPO
#   formats=['JPEG'], a GIF: UnidentifiedImageError
#   formats=['JPEG', 'MPO'], a JPEG: JPEG
#   formats=['JPEG', 'MPO'], a JPEG with a second picture: MPO
#   formats=['JPEG', 'MPO'], a GIF: KeyError
#   formats=['MPO', 'JPEG'], a JPEG: KeyError
#   formats=['MPO', 'JPEG'], a JPEG with a second picture: KeyError
#   formats=['MPO', 'JPEG'], a GIF: KeyError
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh" pillow==13.0.0

python - <<'PY'
import io

from PIL import Image


def written(format, **options):
    Image.new("RGB", (16, 16), "red").save(file := io.BytesIO(), format, **options)
    return file.getvalue()


photos = {
    "a JPEG": written("JPEG"),
    "a JPEG with a second picture": written("MPO", save_all=True, append_images=[Image.new("RGB", (16, 16), "blue")]),
    "a GIF": written("GIF"),
}
answers = {}
for formats in (["JPEG"], ["JPEG", "MPO"], ["MPO", "JPEG"]):
    for name, photo in photos.items():
        try:
            answer = Image.open(io.BytesIO(photo), formats=formats).format
        except (KeyError, OSError) as error:
            answer = type(error).__name__
        answers[name, *formats] = answer
        print(f"formats={formats}, {name}: {answer}")

if (
    answers["a JPEG with a second picture", "JPEG"] != "MPO"
    or answers["a GIF", "JPEG"] != "UnidentifiedImageError"
    or {answers["a GIF", "JPEG", "MPO"], answers["a JPEG", "MPO", "JPEG"]} != {"KeyError"}
):
    raise SystemExit("Changed: see above.")
PY
