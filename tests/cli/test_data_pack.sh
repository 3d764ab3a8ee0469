# tammes data pack, unpack and inspect as a person runs them: there and back with the same bytes and labels.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

# Every image's checksum with its class, sorted: what must survive, whatever the files are called.
contents() {
    (cd "$1" && find . -type f -not -name '*.csv' -print0 | while IFS= read -r -d '' file; do
        printf '%s %s\n' "$(md5sum <"$file" | cut -d' ' -f1)" "$(printf '%q' "$(dirname "$file")")"
    done | sort)
}

same_contents() {
    diff <(contents "$1") <(contents "$2") >/dev/null || fail "$2 does not hold the images and classes of $1"
}

glyphs=$scratch/glyphs
"$tammes" synth glyphs -o "$glyphs" --ids 6 --per-id 4 --size 20 --seed 3 --quiet >/dev/null
mkdir -p "$glyphs/Greek/deep"
cp "$glyphs/id000000/000.png" "$glyphs/Greek/deep/one.png"
cp "$glyphs/id000000/001.png" "$glyphs/Greek/deep/$(printf 'a\nb\xff').png"

# folder -> folder, and what is refused
expect_exit 0 '"images":26,"classes":7,"files":26' "$tammes" data pack --data "$glyphs" -o "$scratch/copy" --json
diff -r "$glyphs" "$scratch/copy" >/dev/null || fail "a folder packed as a folder differs"
expect_exit 2 "copy: exists and is not an empty folder" "$tammes" data pack --data "$glyphs" -o "$scratch/copy"
expect_exit 2 "unknown format 'foler' (did you mean 'folder'?)" \
    "$tammes" data pack --data "$glyphs" -o "$scratch/x" --format foler
expect_exit 2 "no format goes by this ending" "$tammes" data pack --data "$glyphs" -o "$scratch/x.zip"
expect_exit 2 "--out" "$tammes" data pack --data "$glyphs"
expect_exit 3 "none: there is no such file or folder" "$tammes" data pack --data "$scratch/none" -o "$scratch/x"
expect_exit 2 "no class matches 'q\*'" "$tammes" data pack --data "$glyphs" -o "$scratch/x" --classes 'q*'
expect_exit 4 "/proc/x" "$tammes" data pack --data "$glyphs" -o /proc/x/y
expect_exit 0 '"classes":2' "$tammes" data pack --data "$glyphs" -o "$scratch/two" --classes 'id00000[12]' --json
[ ! -e "$scratch/x" ] || fail "something was left of a failure"

# written anew
expect_exit 0 '"images":26' "$tammes" data pack --data "$glyphs" -o "$scratch/anew" --size 12 --channels 3 \
    --quality 95 --json
expect_exit 0 "12 x 12, RGB, jpg" "$tammes" data inspect "$scratch/anew"

# images of different sizes stay what they are
cp -r "$glyphs" "$scratch/mixed"
cp "$scratch/anew/id000001/000.jpg" "$scratch/mixed/id000001/small.jpg"
expect_exit 0 '"images":27' "$tammes" data pack --data "$scratch/mixed" -o "$scratch/mixed_copy" --json
same_contents "$scratch/mixed" "$scratch/mixed_copy"
expect_exit 2 "give the size that images shall have" "$tammes" data pack --data "$scratch/mixed" -o "$scratch/x" --encode

# A disk that is full, an image that is none, and what is there already: nothing is left and nothing is touched.
outputs=(folder.d rec.d plain.rec one.tar 'many-{0..9}.tar' array.npy list.txt)
format_of() {
    case $1 in folder.d) echo --format folder ;; rec.d) echo --format rec ;; esac
}
mkdir "$scratch/failed"
: >"$scratch/mixed/id000003/empty.png"
for output in "${outputs[@]}"; do
    (
        trap '' XFSZ
        ulimit -f 0
        expect_exit 4 "cannot write" "$tammes" data pack --data "$glyphs" -o "$scratch/failed/$output" $(format_of "$output")
        exit "$failures"
    ) || failures=$((failures + 1))
    expect_exit 3 "mixed/id000003/empty.png: the file is empty" \
        "$tammes" data pack --data "$scratch/mixed" -o "$scratch/failed/$output" $(format_of "$output")
    left=$(ls -A "$scratch/failed")
    [ -z "$left" ] || fail "$output: '$left' was left of a failure"
    expect_exit 0 "" "$tammes" data pack --data "$glyphs" -o "$scratch/failed/$output" $(format_of "$output")
    before=$(find "$scratch/failed" -type f -print0 | sort -z | xargs -0 md5sum)
    expect_exit 2 "exists" "$tammes" data pack --data "$scratch/two" -o "$scratch/failed/$output" $(format_of "$output")
    [ "$before" = "$(find "$scratch/failed" -type f -print0 | sort -z | xargs -0 md5sum)" ] ||
        fail "$output: what was there is not what it was"
    rm -r "$scratch/failed" && mkdir "$scratch/failed"
done

# There and back through every format: folder -> rec -> folder -> tar -> folder, and a plain .rec, and a list.
round() {
    local from=$1 name=$scratch/$2
    expect_exit 0 '"files":4' "$tammes" data pack --data "$from" -o "$name.recs" --format rec --json
    expect_exit 0 "" "$tammes" data unpack "$name.recs/train.rec" -o "$name.1"
    same_contents "$from" "$name.1"
    mkdir "$name.tars"
    expect_exit 0 "" "$tammes" data pack --data "$name.1" -o "$name.tars/part-{000..099}.tar" --shard-mb 1
    expect_exit 0 "" "$tammes" data unpack "$name.tars" -o "$name.2"
    same_contents "$from" "$name.2"
    expect_exit 0 '"images"' "$tammes" data inspect "$name.tars/part-{000..000}.tar" --json
    expect_exit 3 "part-001.tar" "$tammes" data inspect "$name.tars/part-{000..001}.tar"
    expect_exit 0 '"files":3' "$tammes" data pack --data "$from" -o "$name.rec" --json
    expect_exit 0 "" "$tammes" data pack --data "$name.rec" -o "$name.tar"
    expect_exit 0 "" "$tammes" data unpack "$name.tar" -o "$name.3"
    same_contents "$from" "$name.3"
    expect_exit 0 "" "$tammes" data pack --data "$from" -o "$name.txt"
    expect_exit 0 "" "$tammes" data unpack "$name.txt" -o "$name.4"
    same_contents "$from" "$name.4"
    for packed in "$name.recs" "$name.recs/train.rec" "$name.rec" "$name.tar" "$name.tars" "$name.txt" \
        "$name.recs/train.idx" "$name.recs/property"; do
        expect_exit 0 '"known":true' "$tammes" data inspect "$packed" --json
    done
}
round "$glyphs" glyphs

# JPEGs that hold the magic of RecordIO where its reader would part them: in a comment, which begins at byte 2.
magic=$scratch/magic
mkdir "$magic" "$magic/a" "$magic/b"
for class in a b; do
    for image in 0 1 2; do
        from=$scratch/anew/id00000$image/00$image.jpg
        {
            head -c 2 "$from"
            printf '\377\376\001\006ab' # FF FE, 262 bytes with the length's own two
            for ((word = 0; word < 64; word++)); do
                if ((word % (image + 2) == 0)); then printf '\012\043\327\316'; else printf 'z%s ~' "$class"; fi
            done
            printf '%s%s' "$class" "$image"
            tail -c +3 "$from"
        } >"$magic/$class/$image.jpg"
    done
done
round "$magic" magic

# What was packed loads as the folder does: the same pictures with the same labels, in batches.
for packed in "$glyphs" "$scratch/glyphs.recs" "$scratch/glyphs.rec" "$scratch/glyphs.tar" "$scratch/glyphs.txt"; do
    expect_exit 0 '"images":26,"classes":7' "$tammes" bench load --data "$packed" --seconds 0.05 --json
    "$tammes" data pack --data "$packed" -o "$packed.pixels" --encode --format folder --quiet >/dev/null
    same_contents "$glyphs.pixels" "$packed.pixels"
done

# A signal ends it with nothing left, or comes too late and all is there.
timeout -s INT 0.03 "$tammes" data pack --data "$glyphs" -o "$scratch/stopped" --quiet >/dev/null 2>&1
if [ -e "$scratch/stopped" ]; then same_contents "$glyphs" "$scratch/stopped"; fi
[ ! -e "$scratch/stopped.tmp" ] || fail "a signal left stopped.tmp"

# Pixels: folder -> npy -> folder -> npy, whose images all have one size.
expect_exit 0 '"files":' "$tammes" data pack --data "$glyphs" -o "$scratch/a.npy" --json
expect_exit 0 "grey images" "$tammes" data inspect "$scratch/a.npy"
expect_exit 0 "26 images of 7 classes" "$tammes" bench load --data "$scratch/a.npy" --seconds 0.05
expect_exit 0 "" "$tammes" data unpack "$scratch/a.npy" -o "$scratch/a"
same_contents "$glyphs.pixels" "$scratch/a"
expect_exit 0 "" "$tammes" data pack --data "$scratch/a" -o "$scratch/b.npy"
expect_exit 0 "" "$tammes" data pack --data "$glyphs" -o "$scratch/c.npy" --size 10 --channels 3
expect_exit 0 "26 x 10 x 10 x 3" "$tammes" data inspect "$scratch/c.npy"
rm "$scratch/mixed/id000003/empty.png"
expect_exit 2 "give the size that images shall have" "$tammes" data pack --data "$scratch/mixed" -o "$scratch/x.npy"

# Real faces, where they are.
faces=${TAMMES_DATA:-${TAMMES_SOURCE:-.}/../shared/data}/lfw-dev/images
if [ -d "$faces" ]; then
    mkdir "$scratch/lfw"
    for name in "$faces"/A[a-c]*; do cp -r "$name" "$scratch/lfw"; done
    round "$scratch/lfw" lfw_subset
else
    echo "no lfw-dev: skipped its part"
fi

# a verification set: its pairs come back in their order
printf '%s\n' id000000/000.png,id000000/001.png,1 id000001/000.png,id000002/003.png,0 \
    id000003/002.png,id000003/000.png,1 >"$scratch/pairs.csv"
expect_exit 0 "3 pairs" "$tammes" data pack-pairs --data "$glyphs" --pairs "$scratch/pairs.csv" -o "$scratch/set.bin"
expect_exit 0 '"kind":"verification set".*"pairs":3,"same":2' "$tammes" data inspect "$scratch/set.bin" --json
expect_exit 0 "6 images without labels" "$tammes" data unpack "$scratch/set.bin" -o "$scratch/set"
same_files "$scratch/set/images/00000003.png" "$glyphs/id000002/003.png"
expect_exit 0 "3 pairs" "$tammes" data pack-pairs --data "$scratch/set" --pairs "$scratch/set/pairs.csv" \
    -o "$scratch/again.bin"
same_files "$scratch/set.bin" "$scratch/again.bin"

# what files are
expect_exit 3 "not a regular file" "$tammes" data inspect <(cat "$scratch/set.bin")
head -c 100 "$scratch/set.bin" >"$scratch/cut.bin"
expect_exit 3 "cut.bin: " "$tammes" data inspect "$scratch/cut.bin"
expect_exit 3 "1 of 2 cannot be read" "$tammes" data inspect "$scratch/none" "$scratch/pairs.csv"
expect_exit 0 '"kind":"pairs CSV"' "$tammes" data inspect "$scratch/pairs.csv" --json
expect_exit 3 '"error":".*none: cannot open' "$tammes" data inspect "$scratch/none" --json
printf 'a/1.jpg\tann\n' >"$scratch/$(printf 'x\ny\xff').txt"
expect_exit 0 '"kind":"list of images"' "$tammes" data inspect "$scratch/$(printf 'x\ny\xff').txt" --json

finish
