# tammes data clean on planted noise: a model of other characters finds wrong labels and split identities.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

"$tammes" synth glyphs -o "$scratch/others" --ids 150 --first 1000 --per-id 16 >/dev/null
"$tammes" train --data "$scratch/others" --net conv4 --dim 64 --epochs 8 --batch 64 --lr 0.05 --seed 1 \
    --out "$scratch/run" --quiet || fail "training"
a=$scratch/a
"$tammes" synth glyphs -o "$a" --ids 50 --per-id 20 >/dev/null
"$tammes" synth glyphs -o "$scratch/probes" --ids 12 --first 500 --per-id 12 >/dev/null
clean=("$tammes" data clean "$a" --model "$scratch/run" --quiet)

expect_exit 1 '"merge":\[\]' "${clean[@]}" --json

# One image of each identity moves to another: 5%. Its name says where it came from.
for ((c = 0; c < 50; c++)); do
    from=$(printf 'id%06d' $c) to=$(printf 'id%06d' $(((c * 7 + 13) % 50)))
    mv "$a/$from/$(printf '%03d' $((c % 20))).png" "$a/$to/wrong_$from.png"
done
# Two identities have their images under two names.
for c in 10 20; do
    mkdir "$a/half$c"
    for k in 01 03 05 07 09 11 13 15 17; do mv "$a/id0000$c/0$k.png" "$a/half$c"; done
done
expect_exit 1 '"move":\[{' "${clean[@]}" --json
"${clean[@]}" --json >"$scratch/found.json" 2>/dev/null
found=$(grep -o '"move":\[[^]]*\]' "$scratch/found.json" | grep -o '"image":' | wc -l)
right=$(grep -o '"move":\[[^]]*\]' "$scratch/found.json" | grep -o '"image":"[^"]*wrong_' | wc -l)
echo "moves: $found, of them planted: $right of 50"
[ "$right" -ge 47 ] || fail "of 50 wrong labels $right were found"
[ $((right * 100)) -ge $((found * 85)) ] || fail "of $found images that shall move only $right are wrong"
merges=$(grep -o '"merge":\[[^]]*\]' "$scratch/found.json")
grep -q '"class":"half10","into":"id000010"' <<<"$merges" || fail "half of id000010 is not known: $merges"
grep -q '"class":"half20","into":"id000020"' <<<"$merges" || fail "half of id000020 is not known: $merges"
[ "$(grep -o '"into"' <<<"$merges" | wc -l)" -eq 2 ] || fail "more than two merges: $merges"
expect_exit 1 "half10  id000010  [0-9.]* degrees" "$tammes" data check "$a" --model "$scratch/run" --without-near --quiet

fixes=$scratch/fixes.txt
expect_exit 1 "$fixes: " "${clean[@]}" -o "$fixes" --page "$scratch/page.html"
grep -q "^merge	half10	id000010$" "$fixes" || fail "the list lacks a merge: $(cat "$fixes")"
grep -q "^move	id000013/wrong_id000000.png	id" "$fixes" || fail "the list lacks a move: $(cat "$fixes")"
grep -q "Nearer to another class: $found" "$scratch/page.html" || fail "the page lacks its heading"
[ "$(grep -o '<img [^>]*src="data:image/jpeg;base64,' "$scratch/page.html" | wc -l)" -ge $((found * 5)) ] ||
    fail "the page lacks pictures"
expect_exit 2 "$fixes: exists; nothing was written" "${clean[@]}" -o "$fixes"
expect_exit 2 "page.html: exists; nothing was written" "${clean[@]}" --page "$scratch/page.html"
"${clean[@]}" --fixes "$fixes" --json >"$scratch/again.json" 2>/dev/null
again=$(grep -o '"image":"[^"]*wrong_' "$scratch/again.json" | wc -l)
[ "$again" -le 3 ] || fail "with the fixes $again wrong labels are still found"
grep -q '"classes":50,' "$scratch/again.json" || fail "the halves are still classes of their own"

# A person of an evaluation set among the data.
mkdir "$a/stranger"
for k in 0 1 2 3 4 5; do mv "$scratch/probes/id000505/00$k.png" "$a/stranger"; done
"${clean[@]}" --against "$scratch/probes" --json >"$scratch/overlap.json" 2>/dev/null
strangers=$(grep -o '"image":"stranger/[^}]*"person":"id000505"' "$scratch/overlap.json" | wc -l)
echo "people of the evaluation set: $strangers of 6"
[ "$strangers" -ge 2 ] || fail "of 6 images of a person of the evaluation set $strangers were found"
all=$(grep -o '"person":' "$scratch/overlap.json" | wc -l)
[ "$all" -le $((strangers + 40)) ] || fail "$all of 1006 images are taken for people of the evaluation set"

expect_exit 2 "--model" "$tammes" data clean "$a"
expect_exit 3 "/nowhere" "$tammes" data clean "$a" --model /nowhere
head -c 50 "$a/id000001/000.png" >"$scratch/cut" && mv "$scratch/cut" "$a/id000001/000.png"
expect_exit 3 "id000001/000.png: " "${clean[@]}"
finish
