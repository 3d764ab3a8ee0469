#!/usr/bin/env bash
# tammes calibrate and tammes verify on a small model of glyphs: thresholds, decisions, exit codes, damaged models.
set -u
tammes=$(realpath "$1")
source "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

expect_exit 0 seen "$tammes" synth glyphs -o seen --ids 12 --per-id 8 --quiet
expect_exit 0 unseen "$tammes" synth glyphs -o unseen --ids 16 --per-id 6 --first 500 --quiet
expect_exit 0 run "$tammes" train --data seen --net conv4:width=16 --dim 8 --loss arcface --steps 60 --batch 24 \
    --out run --quiet
a=unseen/id000500/000.png b=unseen/id000500/001.png

# A model without a threshold says how to get one; a threshold of one's own decides, and its edge belongs to "same".
expect_exit 2 'tammes calibrate --model run' "$tammes" verify --model run $a $b
expect_exit 0 'decision   same' "$tammes" verify --model run $a $a --threshold 0.999
expect_exit 0 'decision   same' "$tammes" verify --model run $a $a --threshold 1
expect_exit 0 'the model is not calibrated' "$tammes" verify --model run $a $b --threshold -1
expect_exit 0 '"confidence":null' "$tammes" verify --model run $a $a --threshold 0.5 --json
expect_exit 1 'decision   different' "$tammes" verify --model run $a unseen/id000507/000.png --threshold 1

# Thresholds as far as the pairs carry them: 16 x 6 images make 4320 pairs of two classes.
expect_exit 0 '240 of one person, 4320 of two' "$tammes" calibrate --model run --data unseen --far 0.01
expect_exit 0 '1e-04  insufficient data: fewer than 30000' "$tammes" calibrate --model run --data unseen --far 0.01
expect_exit 0 'over people' "$tammes" calibrate --model run --data unseen --far 0.01
expect_exit 0 '"fnmr_interval_over_people":' "$tammes" calibrate --model run --data unseen --far 0.01 --json
expect_exit 1 'insufficient data' "$tammes" calibrate --model run --data unseen --far 1e-5 --write
expect_exit 2 'has no threshold' "$tammes" verify --model run $a $b
expect_exit 0 'classes were trained on' "$tammes" calibrate --model run --data seen --far 0.01
expect_exit 2 'exclude each other' "$tammes" calibrate --model run --data unseen --write --out x.safetensors

# Kept beside the model, then in it: the same bytes, and every array as it was.
cp run/best.safetensors before.safetensors
expect_exit 0 'written to new.safetensors' "$tammes" calibrate --model run --data unseen --far 0.01 \
    --out new.safetensors
same_files run/best.safetensors before.safetensors
expect_exit 2 'is there already' "$tammes" calibrate --model run --data unseen --far 0.01 --out new.safetensors
expect_exit 0 'written to run' "$tammes" calibrate --model run --data unseen --far 0.01 --write
same_files run/best.safetensors new.safetensors
expect_exit 0 'written to run' "$tammes" calibrate --model run --data unseen --far 0.01 --write
same_files run/best.safetensors new.safetensors
expect_exit 0 'calibration.chosen: 0.01' "$tammes" data inspect new.safetensors
"$tammes" eval --model before.safetensors --data unseen --json --quiet | sed 's,"before.safetensors","MODEL",' >eval-before
"$tammes" eval --model new.safetensors --data unseen --json --quiet | sed 's,"new.safetensors","MODEL",' >eval-after
same_files eval-before eval-after

expect_exit 0 'FMR 1e-02, at most' "$tammes" verify --model new.safetensors $a $a
expect_exit 0 '"threshold_from":"model"' "$tammes" verify --model run $a $a --json
expect_exit 0 '"decision":"same"' "$tammes" verify --model run $a $a --json
expect_exit 1 '"decision":"different"' "$tammes" verify --model run $a unseen/id000507/000.png --json
expect_exit 2 'calibrated without mirror images' "$tammes" verify --model run $a $b --flip yes
expect_exit 0 'as given' "$tammes" verify --model run $a $a --flip yes --threshold 0.5

# The decisions over the very pairs of the calibration make its rates.
"$tammes" calibrate --model run --data unseen --far 0.01 --json >calibrated
for i in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15; do
    for k in 0 1 2 3 4 5; do echo "unseen/id0005$i/00$k.png"; done
done >images
awk '{ name[NR] = $1 } END { for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++)
    print name[i] "," name[j] "," (substr(name[i], 8, 8) == substr(name[j], 8, 8)) }' images >all.csv
"$tammes" verify --model run --pairs all.csv >decisions 2>summary
[ $? -eq 1 ] || fail "a list with wrong decisions does not exit with 1"
python3 - <<'PYTHON' || fail "verify decides otherwise than calibrate counted"
import json
calibrated = json.load(open("calibrated"))
lines = [line.rstrip("\n").split("\t") for line in open("decisions")]
level = [level for level in calibrated["levels"] if level["fmr"] == 0.01][0]
false = sum(a[7:15] != b[7:15] and word == "same" for a, b, _, word, *_ in lines)
missed = sum(a[7:15] == b[7:15] and word == "different" for a, b, _, word, *_ in lines)
assert len(lines) == 4560 and round(level["achieved_fmr"] * 4320) == false, (level, false)
assert abs(round(level["fnmr"] * 240) - missed) <= 1, (level, missed)
assert all(("wrong" in line) == ((line[0][7:15] == line[1][7:15]) != (line[3] == "same")) for line in lines)
PYTHON

# Lists: with and without what is so, of files, of a data set.
printf 'path_a,path_b\n%s,%s\n' $a $a >two.csv
expect_exit 0 '1 of 1 pairs are the same' "$tammes" verify --model run --pairs two.csv
printf '%s,unseen/id000507/000.png\n' $a >>two.csv
expect_exit 1 '"known":0' "$tammes" verify --model run --pairs two.csv --json
printf 'id000500/000.png,id000500/000.png,1\nid000500/000.png,id000507/000.png,0\n' >inside.csv
expect_exit 0 '"wrong":0' "$tammes" verify --model run --pairs inside.csv --data unseen --json
printf '%s,%s,2\n' $a $b >bad.csv
expect_exit 3 'bad.csv:1: not' "$tammes" verify --model run --pairs bad.csv
printf 'nowhere.png,%s\nnowhere.png,other.png\n' $b >bad.csv
expect_exit 3 'names 2 files that are not there' "$tammes" verify --model run --pairs bad.csv
expect_exit 3 'missing: other.png' "$tammes" verify --model run --pairs bad.csv
: >bad.csv
expect_exit 3 'bad.csv' "$tammes" verify --model run --pairs bad.csv
expect_exit 2 'two photos are needed' "$tammes" verify --model run $a
expect_exit 2 'either two photos or a list' "$tammes" verify --model run $a $b --pairs two.csv
expect_exit 3 'nowhere.png' "$tammes" verify --model run $a nowhere.png
head -c 100 $a >broken.png
expect_exit 3 'broken.png' "$tammes" verify --model run $a broken.png

# A photo of another size becomes the model's; colour becomes grey.
expect_exit 0 glyphs40 "$tammes" synth glyphs -o glyphs40 --ids 2 --per-id 2 --size 40 --first 500 --quiet
expect_exit 0 '40 x 40 became 28 x 28' "$tammes" verify --model run glyphs40/id000500/000.png \
    glyphs40/id000500/000.png

# Of a damaged, foreign or contradictory model there is never a score: it is refused by name, whatever bit flips.
python3 - run/best.safetensors <<'PYTHON'
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
for count, at in enumerate((12, 8 + length // 2, 8 + length + 100, len(data) - 3)):
    data[at] ^= 4
    open(f"flipped{count}.safetensors", "wb").write(data)
    data[at] ^= 4

def write(name, changes, arrays=None):
    """The model again with other metadata, without checksums, as another program would write it."""
    texts = {k: v for k, v in header["__metadata__"].items() if not k.startswith("crc32")}
    texts.update(changes)
    new = {**header, "__metadata__": {k: v for k, v in texts.items() if v is not None}}
    body = bytearray(data[8 + length:])
    for array, value in (arrays or {}).items():
        begin, end = new[array]["data_offsets"]
        body[begin:end] = struct.pack("<f", value) * ((end - begin) // 4)
    text = json.dumps(new).encode()
    open(name, "wb").write(struct.pack("<Q", len(text)) + text + body)

write("plain.safetensors", {})
write("version.safetensors", {"format": "tammes-model-2"})
write("dim.safetensors", {"dim": "16"})
write("contract.safetensors", {"contract": "2"})
write("order.safetensors", {"channel_order": "rgb"})
write("digest.safetensors", {"class_digest": "00000000"})
write("chosen.safetensors", {"calibration.chosen": "0.0001"})
write("sure.safetensors", {"calibration.confidence": "-1 0"})
names = [name for name in header if name not in ("__metadata__", "class_names") and name.endswith(("weight", "gamma"))]
last = [name for name in header if name.endswith("beta")][-1]
write("other.safetensors", {}, {last: 0.5})
write("nan.safetensors", {}, {"calibration.table": float("nan")})
data = bytearray(open("before.safetensors", "rb").read())
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
write("huge.safetensors", {}, {"conv1.weight": 3e38})
write("equal.safetensors", {}, {**{name: 0.0 for name in names}, last: 1.0})
PYTHON
for i in 0 1 2 3; do
    expect_exit 3 "flipped$i.safetensors" "$tammes" verify --model flipped$i.safetensors $a $b
    "$tammes" verify --model flipped$i.safetensors $a $b --json 2>/dev/null | grep -q . && fail "a score of flipped$i"
done
expect_exit 0 'decision   same' "$tammes" verify --model plain.safetensors $a $a
expect_exit 3 "format 'tammes-model-2'" "$tammes" verify --model version.safetensors $a $a
expect_exit 3 'the metadata say 1 x 28 x 28 to 16' "$tammes" verify --model dim.safetensors $a $a
expect_exit 3 "contract is '2'" "$tammes" verify --model contract.safetensors $a $a
expect_exit 3 "channel_order 'rgb' contradicts 1 channels" "$tammes" verify --model order.safetensors $a $a
expect_exit 3 "class_digest is '00000000'" "$tammes" verify --model digest.safetensors $a $a
expect_exit 3 "calibration.chosen is '0.0001'" "$tammes" verify --model chosen.safetensors $a $a
expect_exit 3 "calibration.confidence is '-1 0'" "$tammes" verify --model sure.safetensors $a $a
expect_exit 3 "'calibration.table' has a row" "$tammes" verify --model nan.safetensors $a $a
expect_exit 3 "thresholds are another model" "$tammes" verify --model other.safetensors $a $a
expect_exit 3 'not finite: it has no score' "$tammes" verify --model huge.safetensors $a $a --threshold 0
expect_exit 3 "row 0" "$tammes" calibrate --model huge.safetensors --data unseen

# What training says of its images stands in the model, and a run goes on with it.
expect_exit 2 "alignment 'dlib'" "$tammes" train --data seen --net conv4:width=16 --dim 8 --steps 2 --batch 24 \
    --alignment dlib --out aligned --quiet
for steps in first again; do
    expect_exit 0 aligned "$tammes" train --data seen --net conv4:width=16 --dim 8 --steps 2 --batch 24 \
        --alignment arcface112 --augment flip=0.5 --out aligned --quiet
done
expect_exit 0 'alignment: arcface112' "$tammes" data inspect aligned/best.safetensors
expect_exit 0 'alignment_points: 38.2946' "$tammes" data inspect aligned/best.safetensors
expect_exit 0 'flip: yes' "$tammes" data inspect aligned/best.safetensors
expect_exit 0 '"flip":true' "$tammes" verify --model aligned $a $a --threshold 0.5 --json
expect_exit 0 'the model wants faces that tammes data align' "$tammes" verify --model aligned --threshold 0.5 \
    glyphs40/id000500/000.png glyphs40/id000500/000.png

# Calibration where there is nothing to calibrate on.
mkdir alone && for i in 00 01 02; do mkdir alone/$i && cp unseen/id0005$i/000.png alone/$i; done
expect_exit 1 'insufficient data: both kinds' "$tammes" calibrate --model run --data alone
expect_exit 1 '"genuine":1,"impostor":1' "$tammes" calibrate --model run --data unseen --far 0.1 --pairs inside.csv \
    --json --write
expect_exit 1 'insufficient data: both kinds' "$tammes" eval --model run --data alone
expect_exit 1 '"eer":null' "$tammes" eval --model run --data alone --json
expect_exit 1 'confidence none' "$tammes" calibrate --model equal.safetensors --data unseen --far 0.01
expect_exit 0 '1e-03     0.00%' "$tammes" eval --model equal.safetensors --data unseen
expect_exit 3 'row 0' "$tammes" eval --model huge.safetensors --data unseen

finish
