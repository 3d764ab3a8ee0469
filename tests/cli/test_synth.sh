#!/usr/bin/env bash
# tammes synth glyphs and tammes bench load, as a person runs them: results, exit codes, sentences.
set -u
tammes=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# check NAME EXPECTED-EXIT-CODE TEXT COMMAND...: the exit code, and the text in stdout and stderr together.
check() {
    local name=$1 code=$2 text=$3 got output
    shift 3
    output=$("$@" 2>&1)
    got=$?
    if [ "$got" != "$code" ] || ! grep -qF -- "$text" <<<"$output"; then
        echo "FAILED $name: exit code $got, expected $code with '$text' in: $output"
        failures=$((failures + 1))
    fi
}

check "writes" 0 '"images":60' "$tammes" synth glyphs -o "$work/a" --ids 12 --per-id 5 --size 20 --seed 3 --json
check "writes for people" 0 "3 identities, 60 images" "$tammes" synth glyphs -o "$work/b" --ids 3 --first 12
check "does not mix" 2 "$work/a: exists and is not an empty folder" "$tammes" synth glyphs -o "$work/a"
check "out is needed" 2 "--out" "$tammes" synth glyphs
check "small sizes" 2 "outside its range [16, 1024]" "$tammes" synth glyphs -o "$work/c" --size 8
check "unwritable" 4 "/proc/x" "$tammes" synth glyphs -o /proc/x

"$tammes" synth glyphs -o "$work/again" --ids 12 --per-id 5 --size 20 --seed 3 --threads 1 >/dev/null
if ! diff -r "$work/a" "$work/again" >/dev/null; then
    echo "FAILED: the same seed wrote other bytes"
    failures=$((failures + 1))
fi

load=("$tammes" bench load --seconds 0.05)
check "loads" 0 '"case":"augment"' "${load[@]}" --data "$work/a" --json
check "loads a part" 0 "10 images of 2 classes, 1 x 20 x 20" "${load[@]}" --data "$work/a" --classes 'id00000[12]'
check "glob without a class" 2 "no class matches 'x*'" "${load[@]}" --data "$work/a" --classes 'x*'
check "missing data" 3 "$work/none: there is no such folder" "${load[@]}" --data "$work/none"
mkdir "$work/a/empty"
check "empty class" 3 "$work/a/empty: an empty class folder" "${load[@]}" --data "$work/a"
rmdir "$work/a/empty"
head -c 60 "$work/a/id000003/002.png" >"$work/cut" && mv "$work/cut" "$work/a/id000003/002.png"
check "damaged image" 3 "id000003/002.png: " "${load[@]}" --data "$work/a"

[ "$failures" = 0 ] && echo "synth: all as expected"
exit $((failures > 0))
