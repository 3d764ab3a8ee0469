# tammes synth glyphs and tammes bench load as a person runs them: results, exit codes, sentences.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

a=$scratch/a
expect_exit 0 '"images":60' "$tammes" synth glyphs -o "$a" --ids 12 --per-id 5 --size 20 --seed 3 --json
expect_exit 0 "3 identities, 60 images" "$tammes" synth glyphs -o "$scratch/b" --ids 3 --first 12
expect_exit 2 "$a: exists and is not an empty folder" "$tammes" synth glyphs -o "$a"
expect_exit 2 "--out" "$tammes" synth glyphs
expect_exit 2 "outside its range \[16, 1024\]" "$tammes" synth glyphs -o "$scratch/c" --size 8
expect_exit 4 "/proc/x" "$tammes" synth glyphs -o /proc/x

"$tammes" synth glyphs -o "$scratch/again" --ids 12 --per-id 5 --size 20 --seed 3 --threads 1 >/dev/null
diff -r "$a" "$scratch/again" >/dev/null || fail "the same seed wrote other bytes"

load=("$tammes" bench load --seconds 0.05 --data "$a")
expect_exit 0 '"case":"augment"' "${load[@]}" --json
expect_exit 0 "10 images of 2 classes, 1 x 20 x 20" "${load[@]}" --classes 'id00000[12]'
expect_exit 0 "not kept" "${load[@]}" --cache off
expect_exit 0 '"limit_images_per_second":null' "${load[@]}" --cache 1.5M --json # PNG
expect_exit 2 "--cache 'much' is neither off nor bytes" "${load[@]}" --cache much
expect_exit 2 "no class matches 'x\*'" "${load[@]}" --classes 'x*'
expect_exit 3 "$scratch/none: there is no such file or folder" "${load[@]}" --data "$scratch/none"
mkdir "$a/empty"
expect_exit 3 "$a/empty: an empty class folder" "${load[@]}"
rmdir "$a/empty"
head -c 60 "$a/id000003/002.png" >"$scratch/cut" && mv "$scratch/cut" "$a/id000003/002.png"
expect_exit 3 "id000003/002.png: " "${load[@]}"

finish
