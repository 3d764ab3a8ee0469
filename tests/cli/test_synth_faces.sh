# tammes synth faces as a person runs it: results, exit codes, sentences, the same bytes on any number of threads.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

a=$scratch/a
expect_exit 0 '"images":12' "$tammes" synth faces -o "$a" --ids 6 --per-id 2 --size 48 --seed 3 --threads 3 --json
[ -f "$a/id000005/001.jpg" ] || fail "no JPEG files"
[ "$(wc -l <"$a/landmarks.csv")" -eq 13 ] || fail "landmarks.csv has not a line for each file"
[ "$(wc -l <"$a/attributes.csv")" -eq 13 ] || fail "attributes.csv has not a line for each file"
"$tammes" synth faces -o "$scratch/again" --ids 6 --per-id 2 --size 48 --seed 3 --threads 1 >/dev/null
diff -r "$a" "$scratch/again" >/dev/null || fail "the same seed wrote other bytes"

expect_exit 0 "2 identities, 40 images" "$tammes" synth faces -o "$scratch/b" --ids 2 --first 6 --size 32 --format png
[ -f "$scratch/b/id000007/019.png" ] || fail "no PNG files"
expect_exit 0 '"side":75' "$tammes" synth faces -o "$scratch/u" --ids 1 --per-id 1 --size 50 --unaligned --json
expect_exit 0 "12 images of 6 classes, 3 x 48 x 48" "$tammes" bench load --seconds 0.05 --data "$a"

# What is not aligned becomes aligned by its own landmarks.
expect_exit 0 "1 of 1 images aligned" "$tammes" data align --data "$scratch/u" --landmarks "$scratch/u/landmarks.csv" -o "$scratch/cut"

expect_exit 2 "$a: exists and is not an empty folder" "$tammes" synth faces -o "$a"
expect_exit 2 "--out" "$tammes" synth faces
expect_exit 2 "outside its range \[32, 1024\]" "$tammes" synth faces -o "$scratch/c" --size 8
expect_exit 2 "jpg|png" "$tammes" synth faces -o "$scratch/c" --format bmp
expect_exit 4 "/proc/x" "$tammes" synth faces -o /proc/x

finish
