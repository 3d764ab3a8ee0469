# tammes data align as a person runs it.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

d=$scratch/d
"$tammes" synth glyphs -o "$d" --ids 3 --per-id 2 --size 64 --seed 3 >/dev/null
list=$scratch/list.csv
{
    echo "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5"
    for c in 0 1 2; do
        for k in 0 1; do
            echo "id00000$c/00$k.png,$((20 + k)),22,43,$((22 + c)),32,33,23,45,41,45"
        done
    done
} >"$list"

align=("$tammes" data align --data "$d")
expect_exit 0 "$scratch/a: 6 of 6 images aligned$" "${align[@]}" --landmarks "$list" -o "$scratch/a"
[ "$(find "$scratch/a" -name '*.jpg' | wc -l)" -eq 6 ] || fail "not six images"
expect_exit 2 "$scratch/a: exists and is not an empty folder" "${align[@]}" --landmarks "$list" -o "$scratch/a"
expect_exit 0 '"written":6' "${align[@]}" --landmarks "$list" -o "$scratch/one" --json --threads 1 --quiet
diff -r "$scratch/a" "$scratch/one" >/dev/null || fail "another number of threads wrote other bytes"
expect_exit 0 "112 x 112" "$tammes" bench load --seconds 0.02 --data "$scratch/a"
expect_exit 0 "6 of 6" "${align[@]}" --landmarks "$list" -o "$scratch/p" --format png --width 96
file=$(od -An -tu1 -j16 -N8 "$scratch/p/id000001/001.png" | tr -s ' ')
[ "$file" = " 0 0 0 96 0 0 0 112" ] || fail "the size is $file"

# One image without a line, one with its eyes swapped, one line of another image.
sed -i '2d; s|^id000001/000.png,20,22,43,23|id000001/000.png,43,23,20,22|' "$list"
echo "nobody/1.png,20,22,43,22,32,33,23,45,41,45" >>"$list"
expect_exit 0 "4 of 6 images aligned, 1 no-landmarks, 1 swapped; 1 of 6 lines used by no image" "${align[@]}" \
    --landmarks "$list" -o "$scratch/b"
expect_exit 0 "left out: $list:3: id000001/000.png: left and right are swapped" "${align[@]}" --landmarks "$list" -o "$scratch/b2"
expect_exit 0 '{"fault":"no-landmarks","image":"id000000/000.png","line":0}' "${align[@]}" --landmarks "$list" \
    -o "$scratch/c" --json
[ ! -e "$scratch/b/id000001/000.jpg" ] && [ -e "$scratch/b/id000001/001.jpg" ] || fail "the wrong image was left out"
expect_exit 3 "id000000/000.png: no landmarks in $list" "${align[@]}" --landmarks "$list" -o "$scratch/s" --strict
[ ! -e "$scratch/s" ] || fail "--strict left something"
# Many findings are told in short.
"$tammes" synth glyphs -o "$scratch/many" --ids 2 --per-id 20 --size 64 >/dev/null
expect_exit 0 "^and 17 more: no-landmarks; --json lists all" "$tammes" data align --data "$scratch/many" \
    --landmarks "$list" -o "$scratch/m"
echo "x" >>"$list"
expect_exit 3 "$list:8: neither" "${align[@]}" --landmarks "$list" -o "$scratch/s"
expect_exit 3 "No such file" "${align[@]}" --landmarks "$scratch/none" -o "$scratch/s"
expect_exit 2 "landmarks" "${align[@]}" -o "$scratch/s"
expect_exit 2 "outside its range" "${align[@]}" --landmarks "$list" -o "$scratch/s" --size 8
[ ! -e "$scratch/s" ] || fail "a failure left something"
[ -z "$(find "$scratch" -name '*.tmp')" ] || fail "temporary folders are left"

finish
