# RecordIO as a person uses it: packed, unpacked, trained on by blocks.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

folder=$scratch/folder
"$tammes" synth glyphs -o "$folder" --ids 12 --per-id 8 --size 20 --quiet >/dev/null
expect_exit 0 "96 images of 12 classes" "$tammes" data pack --data "$folder" -o "$scratch/faces" --format rec
expect_exit 0 "96 images of 12 classes" "$tammes" data pack --data "$folder" -o "$scratch/plain.rec"
[ "$(cat "$scratch/faces/property")" = "12,20,20" ] || fail "property is '$(cat "$scratch/faces/property")'"
[ "$(sed -n 3p "$scratch/faces/classes.txt")" = "id000002" ] || fail "classes.txt lacks a name"

# The same images in the same classes come back, from either, with the index or without it.
sums() {
    (cd "$1" && find . -type f | while read -r file; do
        echo "$(dirname "$file") $(cksum <"$file")"
    done | sort)
}
sums "$folder" >"$scratch/sums"
mkdir "$scratch/bare"
cp "$scratch/faces/train.rec" "$scratch/faces/classes.txt" "$scratch/bare"
for data in faces faces/train.rec plain.rec bare; do
    "$tammes" data unpack "$scratch/$data" -o "$scratch/back" --quiet >/dev/null || fail "$data cannot be unpacked"
    sums "$scratch/back" | cmp -s - "$scratch/sums" || fail "$data gives back other images"
    rm -r "$scratch/back"
done

expect_exit 2 "plain.rec: exists" "$tammes" data pack --data "$folder" -o "$scratch/plain.rec"
head -c 5000 "$scratch/plain.rec" >"$scratch/cut.rec"
expect_exit 3 "cut.rec: record [0-9]* at byte [0-9]*: its [0-9]* bytes end beyond byte 5000" \
    "$tammes" data unpack "$scratch/cut.rec" -o "$scratch/none"

# A run by blocks: what it was asked for is kept, so that it can go on.
train=("$tammes" train --data "$scratch/faces" --net conv4 --dim 16 --sampler block:images=4,blocks=6 --batch 16
    --threads 1 --deterministic --quiet)
"${train[@]}" --steps 8 --out "$scratch/whole" >/dev/null 2>&1 || fail "training by blocks fails"
grep -q '^batch: 16' "$scratch/whole/config.yaml" || fail "the batch is not kept with the sampler block"
grep -q '^sampler: "block:images=4,blocks=6"' "$scratch/whole/config.yaml" || fail "the sampler is not kept"
expect_exit 2 "did you mean 'block'" "${train[@]}" --sampler blok --steps 8 --out "$scratch/wrong"

finish
