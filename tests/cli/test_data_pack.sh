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

knows() {
    "$tammes" data pack --data "$scratch" -o "$scratch/x" --format none 2>&1 | grep -q "known: .*$1"
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

# a disk that is full, and an image that is none, leave nothing
(
    trap '' XFSZ
    ulimit -f 0
    expect_exit 4 "cannot write" "$tammes" data pack --data "$glyphs" -o "$scratch/full"
    expect_exit 4 "cannot write" "$tammes" data pack --data "$glyphs" -o "$scratch/full.txt"
    exit "$failures"
) || failures=$((failures + 1))
head -c 40 "$glyphs/id000001/000.png" >"$scratch/mixed/id000002/zz.png"
: >"$scratch/mixed/id000003/empty.png"
expect_exit 3 "mixed/id000003/empty.png: the file is empty" \
    "$tammes" data pack --data "$scratch/mixed" -o "$scratch/broken"
[ -z "$(find "$scratch" -maxdepth 1 -name 'full*' -o -maxdepth 1 -name 'broken*' -o -maxdepth 1 -name 'x*')" ] ||
    fail "something was left of a failure: $(ls "$scratch")"

# there and back, through every format that is known
round() {
    local from=$1 name=$2
    if knows rec; then
        expect_exit 0 "" "$tammes" data pack --data "$from" -o "$scratch/$name.recs" --format rec
        expect_exit 0 "" "$tammes" data unpack "$scratch/$name.recs" -o "$scratch/$name.1"
        same_contents "$from" "$scratch/$name.1"
        expect_exit 0 "" "$tammes" data pack --data "$from" -o "$scratch/$name.rec"
        expect_exit 0 "" "$tammes" data inspect "$scratch/$name.recs/train.rec" "$scratch/$name.rec"
    fi
    if knows tar; then
        local before=$from
        [ ! -e "$scratch/$name.1" ] || before=$scratch/$name.1
        expect_exit 0 "" "$tammes" data pack --data "$before" -o "$scratch/$name-{000..099}.tar" --shard-mb 1
        expect_exit 0 "" "$tammes" data unpack "$scratch/$name-{000..099}.tar" -o "$scratch/$name.2"
        same_contents "$from" "$scratch/$name.2"
    fi
}
round "$glyphs" glyphs

# a verification set: its pairs come back in their order
printf '%s\n' id000000/000.png,id000000/001.png,1 id000001/000.png,id000002/003.png,0 \
    id000003/002.png,id000003/000.png,1 >"$scratch/pairs.csv"
expect_exit 0 "3 pairs" "$tammes" data pack-pairs --data "$glyphs" --pairs "$scratch/pairs.csv" -o "$scratch/set.bin"
expect_exit 0 '"kind":"verification set".*"pairs":3,"same":2' "$tammes" data inspect "$scratch/set.bin" --json
expect_exit 0 "6 images" "$tammes" data unpack "$scratch/set.bin" -o "$scratch/set"
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
