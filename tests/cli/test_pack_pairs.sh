# tammes data pack-pairs, and eval on what it wrote: as the field's scripts read it, and with the same result.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"
cd "$scratch" || exit 1
golden=$TAMMES_SOURCE/tests/golden/bin

"$tammes" synth glyphs -o seen --ids 12 --per-id 6 --quiet >/dev/null
"$tammes" synth glyphs -o unseen --ids 10 --per-id 4 --first 500 --quiet >/dev/null
{
    echo path_a,path_b,same
    for i in {0..9}; do
        for k in 1 2 3; do
            echo "id00050$i/000.png,id00050$i/00$k.png,1"
            echo "id00050$i/000.png,id00050$(((i + k) % 10))/00$k.png,0"
        done
    done
} >pairs.csv
{
    cat pairs.csv
    echo "id000999/000.png,id000500/000.png,1"
    echo "id000999/001.png,id000500/000.png,0"
} >more.csv

pack=("$tammes" data pack-pairs --data unseen)
expect_exit 0 '"pairs":60,"pairs_left_out":0,"images":120' "${pack[@]}" --pairs pairs.csv -o set.bin --json
expect_exit 2 "set.bin: exists" "${pack[@]}" --pairs pairs.csv -o set.bin
expect_exit 2 "has no pairs of its own" "${pack[@]}" -o x.bin
expect_exit 2 "\-\-out" "${pack[@]}" --pairs pairs.csv
expect_exit 3 "none.csv" "${pack[@]}" --pairs none.csv -o x.bin
expect_exit 3 "names 'id000999/000.png'.*2 images are missing in all, from 2 of 62 pairs" \
    "${pack[@]}" --pairs more.csv -o x.bin
expect_exit 0 '"pairs":60,"pairs_left_out":2' "${pack[@]}" --pairs more.csv -o less.bin --skip-missing --json
same_files set.bin less.bin
expect_exit 4 "/proc/x.bin" "${pack[@]}" --pairs pairs.csv -o /proc/x.bin
(
    trap '' XFSZ
    ulimit -f 0
    expect_exit 4 "cannot write" "${pack[@]}" --pairs pairs.csv -o x.bin
    exit "$failures"
) || failures=$((failures + 1))
[ ! -e x.bin ] && [ ! -e x.bin.tmp ] || fail "something was left of a failure"

# a set packed from a set is that set; written anew it has other images
expect_exit 0 '"pairs":60' "$tammes" data pack-pairs --data set.bin -o again.bin --json
same_files set.bin again.bin
expect_exit 0 '"images":120' "${pack[@]}" --pairs pairs.csv -o anew.bin --size 16 --channels 3 --quality 90 --json
for form in python2-p0 python2-p2 bytes-p4 numpy-p0 numpy-p5 numpy2-p4; do
    expect_exit 0 '3 pairs, 6 images' "$tammes" data pack-pairs --data "$golden/$form.bin" -o "$form.bin"
    same_files "$form.bin" python2-p0.bin
done

# what Python makes of it, as the standard evaluation script reads it; python3 alone is enough
if command -v python3 >/dev/null; then
    cat >load.py <<'EOF'
import pickle, sys
def load_bin(path):
    try:
        with open(path, "rb") as f:
            return pickle.load(f)
    except UnicodeDecodeError:
        with open(path, "rb") as f:
            return pickle.load(f, encoding="bytes")
bins, issame = load_bin(sys.argv[1])
assert type(bins) is list and type(issame) is list and len(bins) == 2 * len(issame), (type(bins), type(issame))
assert all(type(i) is bytes for i in bins) and all(type(s) is bool for s in issame)
if len(sys.argv) > 2:
    rows = [line.strip().split(",") for line in open(sys.argv[2])][1:]
    assert issame == [row[2] == "1" for row in rows]
    for k, row in enumerate(rows):
        for side in range(2):
            assert bins[2 * k + side] == open(sys.argv[3] + "/" + row[side], "rb").read(), row
print("loaded", len(issame))
EOF
    expect_exit 0 "loaded 60" python3 load.py set.bin pairs.csv unseen
    expect_exit 0 "loaded 60" python3 load.py anew.bin
    expect_exit 0 "loaded 3" python3 load.py python2-p0.bin
else
    echo "no python3: what it makes of a set is not tested"
fi

# the same numbers from the folder with its list and from the set, which does not know its people
expect_exit 0 'run' "$tammes" train --data seen --net conv4 --dim 16 --loss softmax --steps 12 --batch 24 --out run --quiet
eval=("$tammes" eval --model run)
numbers() {
    "${eval[@]}" "$@" --bootstrap 0 --json | sed 's/.*"dim"/"dim"/'
}
numbers --data unseen --pairs pairs.csv >folder.json
numbers --data set.bin >set.json
grep -q '"folds":10,"accuracy":0\.[0-9]*' set.json || fail "no accuracy over 10 folds: $(cat set.json)"
same_files folder.json set.json
numbers --data set.bin --pairs set.bin --protocol folds >own.json
same_files folder.json own.json
numbers --data unseen --pairs more.csv --skip-missing | sed 's/"pairs_left_out":2/"pairs_left_out":0/' >less.json
same_files folder.json less.json
expect_exit 0 "2 pairs are left out" "${eval[@]}" --data unseen --pairs more.csv --skip-missing
expect_exit 0 "120 images without labels" "${eval[@]}" --data set.bin
expect_exit 0 "over 5 folds" "${eval[@]}" --data set.bin --folds 5
{
    cat pairs.csv
    for i in 1 2 3 4 5 6 7; do
        echo "nobody/00$i.png,nobody/00$i.png,1"
    done
} >many.csv
expect_exit 3 "7 images are missing in all" "${eval[@]}" --data unseen --pairs many.csv
expect_exit 3 "the data set lacks 'nobody/007.png'" "${eval[@]}" --data unseen --pairs many.csv
expect_exit 3 "from 2 of 62 pairs" "${eval[@]}" --data unseen --pairs more.csv
expect_exit 3 "has pairs and no labels" "${eval[@]}" --data set.bin --protocol allpairs
expect_exit 2 "it must be the data, too" "${eval[@]}" --data unseen --pairs set.bin
expect_exit 3 "has pairs and no labels" "$tammes" train --data set.bin --out x

# training validates on the set, and on the folder with its list, as eval measures the model
for v in set.bin unseen:pairs.csv; do
    rm -rf vrun
    expect_exit 0 "Pairs 0\\.[0-9]" "$tammes" train --data seen --val "$v" --net conv4 --dim 16 --loss softmax --epochs 2 \
        --batch 24 --out vrun
    trained=$(grep '"kind":"epoch","epoch":2' vrun/log.jsonl | grep -o '"pairs_accuracy":[0-9.]*' | cut -d: -f2)
    evaluated=$("$tammes" eval --model vrun/last.safetensors --data set.bin --json | grep -o '"accuracy":[0-9.]*' | cut -d: -f2)
    [ -n "$trained" ] && awk "BEGIN { exit !(($trained - $evaluated) ^ 2 < 1e-14) }" ||
        fail "validation on $v says $trained, eval $evaluated"
done
for v in set.bin unseen:pairs.csv; do
    rm -f page.html
    expect_exit 0 "page.html: 1 run" "$tammes" report vrun --val "$v" -o page.html
    grep -q "The listed pairs of $v: 30 pairs of the same class, 30 of different classes" page.html ||
        fail "the page does not tell of the pairs of $v"
done
expect_exit 2 "set.bin: listed pairs: a comparison measures on labelled images" \
    "$tammes" compare --data seen --val set.bin --losses softmax --out cmp

# a set that would run something
printf 'cos\nsystem\n(S"touch was-run"\ntR.' >evil.bin
expect_exit 3 "evil.bin: byte 0: the pickle asks for os.system" "${eval[@]}" --data evil.bin
[ ! -e was-run ] || fail "the pickle was run"

# the real list of pairs
data=${TAMMES_DATA:-$TAMMES_SOURCE/../shared/data}/lfw-dev
if [ -d "$data" ]; then
    expect_exit 0 '2200 pairs, 4400 images' \
        "$tammes" data pack-pairs --data "$data/images" --pairs "$data/pairsDevTrain.txt" -o lfw.bin
    if command -v python3 >/dev/null; then
        expect_exit 0 "loaded 2200" python3 load.py lfw.bin
    fi
else
    echo "no lfw-dev: glyphs only"
fi

finish
