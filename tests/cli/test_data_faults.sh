# What goes wrong around data: outputs that are there, pipes, odd names, places that cannot be written, words that are
# nearly right. Every case ends with a sentence and its exit code, and leaves nothing behind.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1
soon=(timeout -s KILL 60)
"$tammes" synth glyphs -o glyphs --ids 3 --per-id 4 --size 16 --quiet >/dev/null || fail "synth glyphs"

# A result whose place is taken is refused before the work, not after it.
: >taken
expect_exit 2 "^tammes: taken: exists; nothing was written$" "$tammes" data check glyphs --fix-list taken
expect_exit 3 "there is no such file" "$tammes" data check nowhere --fix-list free
expect_exit 2 "taken: exists" "$tammes" data check nowhere --fix-list taken
expect_exit 2 "taken: exists" "$tammes" data clean nowhere --model nowhere -o taken
expect_exit 2 "taken: exists" "$tammes" data clean nowhere --model nowhere --page taken
[ -s taken ] && fail "a file was written over"

# A link that leads nowhere is something, too, and a link to a folder is not replaced by one at the end of the work.
ln -s nowhere link.rec && ln -s nowhere link.tar && ln -s nowhere link.npy && ln -s nowhere link.txt && ln -s nowhere link.bin
ln -s nowhere beside.idx && ln -s nowhere beside.labels.npy && mkdir empty && ln -s empty folder
for out in link.rec link.tar link.npy link.txt; do
    expect_exit 2 "$out: exists; nothing was written" "$tammes" data pack --data glyphs -o $out
done
expect_exit 2 "beside.idx: exists" "$tammes" data pack --data glyphs -o beside.rec
expect_exit 2 "beside.labels.npy: exists" "$tammes" data pack --data glyphs -o beside.npy
expect_exit 2 "link.txt: exists" "$tammes" data check glyphs --fix-list link.txt
printf 'id000000/000.png,id000000/001.png,1\n' >one.csv
expect_exit 2 "link.bin: exists" "$tammes" data pack-pairs --data glyphs --pairs one.csv -o link.bin
expect_exit 2 "folder: exists as a link" "$tammes" data pack --data glyphs -o folder
expect_exit 2 "folder/: exists as a link" "$tammes" data pack --data glyphs -o folder/
expect_exit 2 "folder: exists as a link" "$tammes" data pack --data glyphs -o folder --format rec
printf 'id000000/000.png,4,5,11,5,8,8,5,11,10,11\n' >landmarks.csv
expect_exit 2 "folder: exists as a link" "$tammes" data align --data glyphs --landmarks landmarks.csv -o folder
for link in link.rec link.tar link.npy link.txt link.bin beside.idx beside.labels.npy folder; do
    [ -L $link ] || fail "$link was replaced"
done

# Images of a folder never become more by packing it into itself.
for out in glyphs/new glyphs/new.rec ./glyphs/a/b "../$(basename "$scratch")/glyphs/x"; do
    expect_exit 2 "inside the data glyphs" "$tammes" data pack --data glyphs -o "$out"
done
expect_exit 2 "inside the data glyphs/" "$tammes" data unpack glyphs/ -o glyphs/new
expect_exit 2 "inside the data glyphs" "$tammes" data align --data glyphs --landmarks landmarks.csv -o glyphs/aligned
expect_exit 0 "12 images" "$tammes" data pack --data glyphs -o glyphs2
expect_exit 0 "3 classes" "$tammes" data check glyphs

# Patterns of archives.
for pattern in 'p-{000..}.tar' 'p-{9..0}.tar' 'p-{0..99999999999}.tar'; do
    expect_exit 2 "no pattern of archives" "$tammes" data pack --data glyphs -o "$pattern"
    [ ! -e "$pattern" ] || fail "$pattern was written"
done
expect_exit 0 "in 1 file" "$tammes" data pack --data glyphs -o 'p-{00..19}.tar'
expect_exit 3 "p-01.tar: cannot open: no such file; p-{00..19}.tar names 20 archives, and the first 1 are there" \
    "$tammes" data check 'p-{00..19}.tar'
expect_exit 0 "12 images of 3 classes" "$tammes" data check 'p-{00..00}.tar'

# Words that are nearly right, and endings that mean another verb.
expect_exit 2 "did you mean 'data pack'" "$tammes" dta pack --data glyphs
expect_exit 2 "data pack-pairs writes it" "$tammes" data pack --data glyphs -o pairs.bin
expect_exit 2 "(.rec, .tar, .npy, .txt, .lst)" "$tammes" data pack --data glyphs -o list.csv

# What is wrong with the last case of a benchmark is told before the first is measured.
expect_exit 2 "did you mean 'flip'" "$tammes" bench load --data glyphs --augment flop=1 --seconds 0.01
"$tammes" bench load --data glyphs --augment flop=1 --seconds 0.01 2>&1 | grep -q images/s && fail "cases were measured in vain"

# Progress is written over on a terminal only.
"$tammes" data check glyphs 2>said >/dev/null || fail "data check"
grep -q $'\r' said && fail "a log with returns: $(cat -v said)"
grep -q '^12 of 12 images$' said || fail "no progress: $(cat said)"

# Quoted fields in a list of pairs, as R and pandas write them.
printf '"path_a","path_b","same"\n"id000000/000.png","id000000/001.png",1\n"id000000/000.png","id000001/001.png",0\n' >quoted.csv
expect_exit 0 "2 pairs" "$tammes" data pack-pairs --data glyphs --pairs quoted.csv -o quoted.bin
expect_exit 0 '"kind":"pairs CSV"' "$tammes" data inspect quoted.csv --json

# In a set of pairs an image may stand in many: no finding.
expect_exit 0 "nothing is wrong" "$tammes" data check quoted.bin --without-near
expect_exit 3 "it is for eval and for --val" "$tammes" train --data quoted.bin -o run

# Names of any bytes stay one line of text.
odd=$'o\xffd\nd'
mkdir -p "$odd/$odd" "$odd/b"
cp glyphs/id000000/000.png "$odd/$odd/$odd.png"
cp glyphs/id000001/000.png "$odd/b/x.png"
"$tammes" data inspect "$odd" >said || fail "inspect of odd names"
grep -q '^o\\xffd\\x0ad: image folder' said || fail "inspect names it raw: $(cat said)"
LC_ALL=C grep -q $'\xff' said && fail "a byte that is no text was printed: $(cat said)"
"$tammes" data pack --data "$odd" -o "$odd.rec" --quiet >said || fail "packing odd names"
[ "$(wc -l <said)" -eq 1 ] || fail "a sentence of several lines: $(cat said)"
for verb in "synth glyphs --ids 2 --per-id 8 --size 16" "synth faces --ids 1 --per-id 1 --size 32" \
    "train --data glyphs --batch 8 --steps 1 --dim 4 --net conv4:width=8" "data pack-pairs --data glyphs --pairs quoted.csv"; do
    # shellcheck disable=SC2086
    "$tammes" $verb --out "${verb%% *}${verb##* }$odd" --quiet >said || fail "$verb"
    LC_ALL=C grep -q $'\xff' said && fail "$verb prints a byte that is no text: $(cat said)"
done
"$tammes" data pack --data "$odd" -o "x$odd.tar" --quiet >/dev/null || fail "packing odd names as tar"
"$tammes" data pack --data "$odd" -o "y$odd.npy" --quiet >/dev/null || fail "packing odd names as npy"
for kind in "$odd.rec" "x$odd.tar" "y$odd.npy"; do
    rm -rf back
    "$tammes" data unpack "$kind" -o back --quiet >/dev/null || fail "unpacking $kind"
    [ -d "back/$odd" ] || fail "$kind: the class lost its name: $(ls back)"
done

# Pipes in every place of a file: refused, not waited for.
mkfifo pipe pipe.rec pipe.tar pipe.bin pipe.npy pipe.txt pipe.csv
for name in pipe pipe.rec pipe.tar pipe.bin pipe.npy pipe.txt pipe.csv; do
    expect_exit 3 "$name: not a regular file" "${soon[@]}" "$tammes" data inspect $name
    expect_exit 3 "$name: neither a folder nor a regular file" "${soon[@]}" "$tammes" data check $name
done
expect_exit 3 "pipe: not a regular file" "${soon[@]}" "$tammes" data check glyphs --fixes pipe
expect_exit 3 "pipe: not a regular file" "${soon[@]}" "$tammes" data align --data glyphs --landmarks pipe -o aligned
expect_exit 3 "pipe: neither" "${soon[@]}" "$tammes" data pack-pairs --data glyphs --pairs pipe -o pairs.bin
expect_exit 3 "pipe.bin: neither" "${soon[@]}" "$tammes" train --data glyphs --batch 8 --val pipe.bin -o run
expect_exit 2 "pipe: exists" "${soon[@]}" "$tammes" data pack --data glyphs -o pipe
expect_exit 2 "pipe.rec: exists" "${soon[@]}" "$tammes" data pack --data glyphs -o pipe.rec

# Results that cannot be printed are an error, also where they are a negative one.
cp glyphs/id000000/000.png glyphs/id000000/again.png
expect_exit 1 "same pixels, same class: 1" "$tammes" data check glyphs
if [ -c /dev/full ]; then
    "$tammes" data check glyphs --quiet >/dev/full 2>said
    [ $? -eq 4 ] || fail "findings that nobody could read have an exit code of their own: $(cat said)"
fi
"$tammes" data check glyphs --quiet >&- 2>said
[ $? -eq 4 ] || fail "a closed standard output: $(cat said)"

# A limit on file sizes is a full disk: the reason is told, and nothing is left.
(
    ulimit -f 8
    for out in a.rec a.tar a.npy; do
        expect_exit 4 "cannot write.*File too large" "$tammes" data pack --data glyphs -o $out --size 128 --channels 3
    done
    expect_exit 4 "000.png: cannot write: File too large" "$tammes" synth faces -o large --ids 1 --per-id 1 --size 512 --format png
    exit $((failures > 0))
) || failures=$((failures + 1))
left=$(find . -maxdepth 1 -name 'a.*' -o -maxdepth 1 -name '*.tmp' -o -maxdepth 1 -name '*.part')
[ -z "$left" ] || fail "something was left behind: $left"

# Labels that two numbers share, or that are none.
for label in 1e30 -1 1.5 nan 9007199254740993; do
    printf 'glyphs/id000000/000.png\t%s\nglyphs/id000001/000.png\t1\n' $label >labels.txt
    expect_exit 3 "labels.txt:1: the label $label: labels that are numbers are whole" "$tammes" data check labels.txt
done
printf 'glyphs/id000000/000.png\t..\nglyphs/id000001/000.png\t1\n' >labels.txt
expect_exit 3 "class '..' cannot be a folder" "$tammes" data pack --data labels.txt -o dots
[ ! -e dots ] && [ ! -e dots.tmp ] || fail "something was left of a refused folder"

finish
