#!/usr/bin/env bash
# Vectors as training data: what one model embeds, a small net of full layers learns from.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs -o seen --ids 30 --per-id 8 --quiet >/dev/null
"$tammes" synth glyphs -o unseen --ids 20 --per-id 8 --first 100 --quiet >/dev/null
expect_exit 0 'run' "$tammes" train --data seen --net conv4 --dim 32 --steps 40 --batch 40 --out run --quiet
"$tammes" embed --model run seen -o seen.npy --quiet >/dev/null
"$tammes" embed --model run unseen -o unseen.npy --quiet >/dev/null

cat >full.net <<'END'
input = input(channels=32, height=1, width=1)
a = fc(input, out=64)
a.act = relu(a)
x = fc(a.act, out=16, bias=0)
END
expect_exit 0 'run2' "$tammes" train --data seen.npy --val unseen.npy --net full.net --dim 16 --loss arcface:s=16,m=0.2 \
    --batch 40 --epochs 10 --lr 0.05 --out run2 --quiet
expect_exit 0 '160 images of 20 classes' "$tammes" eval --model run2 --data unseen.npy
expect_exit 0 '"genuine":560' "$tammes" eval --model run2 --data unseen.npy --json
expect_exit 0 '160 embeddings of 16 numbers' "$tammes" embed --model run2 unseen.npy -o again.npy
expect_exit 0 '160 embeddings of 20 classes' "$tammes" eval --data again.npy
# the same numbers by the model and by what it wrote
"$tammes" eval --model run2 --data unseen.npy | grep -E '^(EER|AUC)' >one
"$tammes" eval --data again.npy | grep -E '^(EER|AUC)' >two
same_files one two

expect_exit 2 "'flip' is for images, not for vectors" "$tammes" train --data seen.npy --net full.net --dim 16 --augment flip --out x
expect_exit 2 'neither a size nor channels' "$tammes" train --data seen.npy --net full.net --dim 16 --size 8 --out x
expect_exit 2 'the input is too small for this net' "$tammes" train --data seen.npy --net conv4 --out x
expect_exit 2 'in which nothing can be seen' "$tammes" data check seen.npy
[ -e x ] && fail "a refused training left a folder"
finish
