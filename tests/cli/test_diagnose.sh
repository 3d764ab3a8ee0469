#!/usr/bin/env bash
# tammes eval --diagnose finds planted mistakes: channels the other way round, another range, images cut otherwise.
set -u
tammes=$(realpath "$1")
source "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

# A class is a pattern in red; blue is another pattern in each image and means nothing. swapped: red and blue change
# places. loose: the image fills the middle of a larger one, with noise around it.
python3 - <<'PYTHON'
import os, random
SIDE, CLASSES, EACH = 20, 36, 6
random.seed(3)
def pattern(cells):
    return [cells[(y * 4 // SIDE) * 4 + x * 4 // SIDE] for y in range(SIDE) for x in range(SIDE)]
def cells():
    return [random.choice((40, 210)) for _ in range(16)]
def write(path, side, pixels):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(b"P6\n%d %d\n255\n" % (side, side) + bytes(pixels))
for c in range(CLASSES):
    red = pattern(cells())
    for i in range(EACH):
        blue = pattern(cells())
        image = [(min(255, max(0, r + random.randint(-25, 25))), 128, b) for r, b in zip(red, blue)]
        flat = [v for rgb in image for v in rgb]
        name = f"{'train' if c < 24 else 'right'}/{c:02d}/{i}.ppm"
        write(name, SIDE, flat)
        if c >= 24:
            write(name.replace("right", "swapped"), SIDE, [v for rgb in image for v in reversed(rgb)])
            wide = 2 * SIDE
            frame = [pattern(cells()), pattern(cells())]
            loose = []
            for y in range(wide):
                for x in range(wide):
                    at = y // 2 * SIDE + x // 2
                    loose += [frame[0][at], 128, frame[1][at]]
            for y in range(SIDE):
                at = 3 * ((y + SIDE // 2) * wide + SIDE // 2)
                loose[at:at + 3 * SIDE] = flat[3 * SIDE * y:3 * SIDE * (y + 1)]
            write(name.replace("right", "loose"), wide, loose)
PYTHON
expect_exit 0 run "$tammes" train --data train --net conv4:width=16 --dim 16 --loss arcface:m=0.2 --steps 150 \
    --batch 48 --lr 0.05 --out run --quiet

expect_exit 0 'none of the usual mistakes' "$tammes" eval --model run --data right --diagnose
expect_exit 1 'look like BGR' "$tammes" eval --model run --data swapped --diagnose
expect_exit 1 '"better":"channels the other way round"' "$tammes" eval --model run --data swapped --diagnose --json
expect_exit 1 'not aligned' "$tammes" eval --model run --data loose --diagnose
expect_exit 1 '"better":"the middle, 1/2 of the side"' "$tammes" eval --model run --data loose --diagnose --json

# What is surprising is looked into by itself; what is not is not.
expect_exit 0 'surprisingly bad: trying the usual mistakes' "$tammes" eval --model run --data swapped
expect_exit 0 'look like BGR, or the model was trained on BGR: [0-9.]* instead of' "$tammes" eval --model run --data swapped
"$tammes" eval --model run --data swapped --quiet 2>&1 | grep -q 'surprisingly' && fail 'a remark in spite of --quiet'
"$tammes" eval --model run --data right 2>&1 | grep -q 'diagnose' && fail 'a good result suggests a diagnosis'

# Listed pairs, and a model that says the wrong order and range of itself.
for c in 24 25 26 27 28 29 30 31 32 33 34; do
    for i in 0 1 2 3 4; do
        echo "$c/$i.ppm,$c/$((i + 1)).ppm,1"
        echo "$c/$i.ppm,$((c + 1))/$i.ppm,0"
    done
done >pairs.csv
expect_exit 1 'sample     110 pairs of 71 images' "$tammes" eval --model run --data swapped --pairs pairs.csv --diagnose
expect_exit 0 'look like BGR' "$tammes" eval --model run --data swapped --pairs pairs.csv
python3 - run/best.safetensors <<'PYTHON'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
length = struct.unpack("<Q", data[:8])[0]
for name, key, value in (("order", "channel_order", "bgr"), ("range", "mean_scale", "4000 127.5")):
    header = json.loads(data[8:8 + length])
    texts = {k: v for k, v in header["__metadata__"].items() if not k.startswith("crc32")}
    header["__metadata__"] = {**texts, key: value}
    text = json.dumps(header).encode()
    open(name + ".safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data[8 + length:])
PYTHON
expect_exit 1 'look like BGR, or the model was trained on' "$tammes" eval --model order.safetensors --data right --diagnose
expect_exit 0 "input (byte - 127.5) / 127.5" "$tammes" eval --model range.safetensors --data right --diagnose
"$tammes" eval --model run --data right --diagnose | grep -qF "/ 127.5" && fail "the range of the model is tried again"
expect_exit 2 "takes one model" "$tammes" eval --model run --model run --data right --diagnose

# Nothing to diagnose.
mkdir -p alone/a alone/b && cp right/24/0.ppm alone/a && cp right/25/0.ppm alone/b
expect_exit 1 'insufficient data' "$tammes" eval --model run --data alone --diagnose
expect_exit 2 'needs --model' "$tammes" eval --data right --diagnose
finish
