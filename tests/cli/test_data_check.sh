# tammes data check as a person runs it: findings, the list of fixes, exit codes.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

a=$scratch/a
"$tammes" synth glyphs -o "$a" --ids 5 --per-id 6 --size 64 >/dev/null
"$tammes" synth glyphs -o "$scratch/eval" --ids 3 --first 50 --per-id 6 --size 64 >/dev/null
check=("$tammes" data check "$a" --quiet)
expect_exit 0 "nothing is wrong" "${check[@]}" --against "$scratch/eval"
expect_exit 0 "image folder: 30 images of 5 classes, 6 to 6 each, median 6" "${check[@]}"
expect_exit 1 "classes too small: 5" "${check[@]}" --least 7

odd=$'new\nline\xff.png'
head -c 100 "$a/id000000/001.png" >"$a/id000000/$odd"
cp "$a/id000001/000.png" "$a/id000001/copy.png"
cp "$a/id000002/000.png" "$a/id000003/wrong.png"
cp "$a/id000004/003.png" "$scratch/eval/id000050/leak.png"
expect_exit 1 'id000000/new\\x0aline\\xff.png  ' "${check[@]}"
expect_exit 1 "id000001/copy.png  =  id000001/000.png" "${check[@]}"
expect_exit 1 "id000003/wrong.png  =  id000002/000.png  another class" "${check[@]}"
expect_exit 1 "3 findings" "${check[@]}"
expect_exit 1 "id000004/003.png  in  $scratch/eval id000050/leak.png" "${check[@]}" --against "$scratch/eval"
expect_exit 1 '"conflicts":\[{"image":"id000003/wrong.png","twin":"id000002/000.png"' "${check[@]}" --json
expect_exit 1 '"corrupt":1,"conflicts":1,"copies":1,' "${check[@]}" --json

fixes=$scratch/fixes.txt
expect_exit 1 "$fixes: 4 fixes" "${check[@]}" --fix-list "$fixes"
expect_exit 2 "$fixes: exists; nothing was written" "${check[@]}" --fix-list "$fixes"
grep -q 'drop	id000000/new\\nline\\xff.png' "$fixes" || fail "the list does not name the corrupt image: $(cat "$fixes")"
expect_exit 0 "29 images of 5 classes, 5 to 6 each" "${check[@]}" --fixes "$fixes"
[ -e "$a/id000000/$odd" ] || fail "a file was deleted"

# Every verb with data reads the list, and a run keeps its name.
expect_exit 0 "29 images of 5 classes" "$tammes" bench load --data "$a" --fixes "$fixes" --seconds 0.01
"$tammes" train --data "$a" --fixes "$fixes" --net conv4 --size 28 --steps 2 --batch 8 --dim 8 --out "$scratch/run" --quiet ||
    fail "training with a list of fixes"
grep -q "^fixes: \"$fixes\"" "$scratch/run/config.yaml" || fail "the run forgets its list of fixes"
echo "drop	nobody" >>"$fixes"
expect_exit 3 "the image 'nobody' is not in the data" "$tammes" bench load --data "$a" --fixes "$fixes"

expect_exit 2 "usage" "$tammes" data check
expect_exit 3 "/nowhere: there is no such file" "$tammes" data check /nowhere
expect_exit 3 "/nowhere: there is no such file" "${check[@]}" --against /nowhere
finish
