#!/usr/bin/env bash
# pillow-heif: the memory that decoding takes for each pixel depends on the kind of file.
#
# Expected: two pictures of one size, which Pillow gives with 8 bits for each channel, take memory by their channels: 3 and 4
# bytes for each pixel, so the one with an alpha channel about a third more.
#
# Seen with pillow-heif 1.8.1 (libheif 1.23.6) and Pillow 13.0.0 on Python 3.11, Linux x86_64. A HEIC of 8 bits with quartered
# colors, as phones write it, takes 9.1 bytes for each pixel above the size of the process. The same picture with 10 bits,
# colors in every pixel and an alpha channel takes 20.5, although Pillow gives both with 8 bits for each channel. A limit of
# megapixels alone does not bound the memory of a server that takes phones' photos.
#
#   plain: 9.1 8 420 RGB
#   heavy: 20.5 10 444 RGBA
#   the heavy kind takes 2.3 times as much
#
# Ends with 0 while the heavy kind takes at least 1.8 times the memory of the plain one, else with 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow-heif==1.8.1 Pillow==13.0.0 numpy==2.4.4 2>/dev/null
cat > "$folder/write.py" <<'PY'
import sys
import numpy as np
import pillow_heif

height, width = 2400, 3200
rows, columns = np.mgrid[0:height, 0:width]
picture = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], axis=-1).astype(np.uint8)
plain = pillow_heif.from_bytes("RGB", (width, height), picture.tobytes())
plain.save(sys.argv[1], quality=60, chroma="420")
alpha = np.full((height, width, 1), 65535, np.uint16)
deep = np.concatenate([picture.astype(np.uint16) * 257, alpha], axis=-1)
heavy = pillow_heif.from_bytes("RGBA;16", (width, height), deep.tobytes())
heavy.save(sys.argv[2], quality=60, chroma="444")
PY
cat > "$folder/decode.py" <<'PY'
import resource
import sys
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Image.open(sys.argv[1]) as image:
    kind = image.info.get("bit_depth"), image.info.get("chroma"), image.mode
    image.load()
    pixels = image.width * image.height
taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / pixels
print(f"{taken:.1f}", *kind)
PY
"$folder/venv/bin/python" "$folder/write.py" "$folder/plain.heic" "$folder/heavy.heic"
"$folder/venv/bin/python" -c 'import pillow_heif, PIL; print("pillow-heif", pillow_heif.__version__, "libheif", pillow_heif.libheif_version(), "Pillow", PIL.__version__)'
plain=$("$folder/venv/bin/python" "$folder/decode.py" "$folder/plain.heic")
heavy=$("$folder/venv/bin/python" "$folder/decode.py" "$folder/heavy.heic")
echo "bytes for each pixel, bit depth, chroma, mode"
echo "plain: $plain"
echo "heavy: $heavy"
python3 - "${plain%% *}" "${heavy%% *}" <<'PY'
import sys

plain, heavy = map(float, sys.argv[1:])
print(f"the heavy kind takes {heavy / plain:.1f} times as much")
sys.exit(heavy < 1.8 * plain)
PY
