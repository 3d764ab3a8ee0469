#!/usr/bin/env python3
"""Writes small BMP and WebP files with PIL and OpenCV into tests/golden/images: pictures of 7 x 5 pixels whose value at
(x, y) in channel c is (37 x + 53 y + 71 c) mod 256, which the tests repeat. Needs python3-pil and python3-opencv.

    tests/oracle/image_oracle.py
"""
import pathlib

import cv2
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent.parent / "golden" / "images"
HERE.mkdir(parents=True, exist_ok=True)

y, x, c = np.mgrid[0:5, 0:7, 0:4]
picture = (37 * x + 53 * y + 71 * c).astype(np.uint8)
grey, rgb, rgba = (Image.fromarray(picture[..., :n].squeeze()) for n in (1, 3, 4))
palette = Image.fromarray((x[..., 0] + 7 * y[..., 0]).astype(np.uint8), "P")
palette.putpalette(picture[..., :3].reshape(-1, 3).tobytes())

grey.save(HERE / "grey.bmp")
rgb.save(HERE / "rgb.bmp")
palette.save(HERE / "palette.bmp")
Image.fromarray(picture[..., 0] >= 128).save(HERE / "bits.bmp")
cv2.imwrite(str(HERE / "bgrx.bmp"), picture[..., [2, 1, 0, 3]])

smooth = np.clip(100 + 8 * x + 6 * y + 10 * c, 0, 255).astype(np.uint8)
rgb.save(HERE / "lossless.webp", lossless=True)
rgba.save(HERE / "alpha.webp", lossless=True, exact=True)
Image.fromarray(smooth[..., :3].copy()).save(HERE / "lossy.webp", quality=95)
rgb.save(HERE / "animated.webp", lossless=True, save_all=True, append_images=[rgb.rotate(180)])
