#!/usr/bin/env bash
# tammes embed, and eval of embeddings: the same figures from images, from a verification set and from arrays; arrays of
# other tools; several models in one table.
set -u
tammes=$1
source "$(dirname "$0")/helpers.sh"
source=$(cd "$(dirname "$0")/../.." && pwd)
golden=$source/tests/golden/embeddings
data=${TAMMES_DATA:-$source/../shared/data}
cd "$scratch" || exit 1

# What NumPy, SciPy and scikit-learn say of arrays that NumPy has written.
while read -r name protocol key value; do
    more=()
    case $protocol in
    insightface | lfw | facexzoo) more=(--pairs "$golden/pairs.csv") ;;
    openset) more=(--gallery-data "$golden/gallery.npy" --gallery all) ;;
    distractors) more=(--distractors "$golden/strangers.npy") ;;
    cluster) more=(--threshold 0.85) ;;
    esac
    result=$name.$protocol.json
    [ -e "$result" ] || "$tammes" eval --data "$golden/$name.npy" --protocol "$protocol" "${more[@]}" --bootstrap 0 \
        --json >"$result" 2>/dev/null || fail "eval of $name.npy by $protocol"
    case $key in
    far@*) opening="\"far\":${key#*@},\"tar\":" ;;
    fpir@*) opening="\"fpir\":${key#*@},\"tpir\":" ;;
    of@*) opening="\"distractors\":${key#*@},\"rank\":{\"1\":" ;;
    *) opening="\"$key\":" ;;
    esac
    ours=$(grep -o "$opening[^,}]*" "$result" | head -n 1)
    decimals=${value#*.}
    [ "$(LC_ALL=C printf '%.*f' ${#decimals} "${ours##*:}")" = "${value%.}" ] ||
        fail "$name.npy by $protocol: $key is '$ours', not $value"
done <"$golden/figures.txt"
[ "$(ls ./*.json | wc -l)" -eq 15 ] || fail "not all figures were looked at"

# Faces if they are there, else glyphs: a model of some classes, pairs of the others.
if [ -d "$data/lfw-dev/images" ]; then
    images=$data/lfw-dev/images
    train=(--data "$images" --classes 'A*' --size 32 --steps 40 --batch 32)
    others='[B-D]*'
else
    echo "no $data/lfw-dev: glyphs in its place"
    images=glyphs
    "$tammes" synth glyphs -o glyphs --ids 60 --per-id 4 --quiet >/dev/null || fail 'synth glyphs'
    train=(--data glyphs --classes 'id0000[0-2]*' --steps 20 --batch 24)
    others='id0000[3-5]*'
fi
timeout 300 "$tammes" train "${train[@]}" --net conv4 --dim 16 --loss softmax --seed 3 --out run --quiet >/dev/null ||
    fail 'train'
echo 'path_a,path_b,same' >pairs.csv
before=
for folder in "$images"/$others; do
    files=("$folder"/*)
    [ ${#files[@]} -ge 2 ] || continue
    name=${folder##*/}
    first=$name/${files[0]##*/} second=$name/${files[1]##*/}
    if [ -n "$before" ]; then
        echo "$first,$second,1"
        echo "$before,$first,0"
    fi >>pairs.csv
    before=$second
    two=("${files[0]}" "${files[1]}")
done
[ "$(wc -l <pairs.csv)" -gt 50 ] || fail 'too few pairs'

figures() { sed 's/.*"pairs_left_out"/"pairs_left_out"/' "$1"; }
same_figures() {
    [ "$(figures "$1")" = "$(figures "$2")" ] || fail "$1 and $2 differ: $(figures "$1") $(figures "$2")"
}
eval_json() { "$tammes" eval --bootstrap 0 --json "$@"; }
expect_exit 0 'pairs' "$tammes" data pack-pairs --data "$images" --pairs pairs.csv -o pairs.bin
expect_exit 0 'embeddings of 16 numbers, of' "$tammes" embed --model run "$images" --classes "$others" --flip -o rows.npy
expect_exit 0 'without labels' "$tammes" embed --model run pairs.bin --flip -o bin.npy
eval_json --model run --data "$images" --pairs pairs.csv >folder.json || fail 'eval of the folder'
eval_json --model run --data pairs.bin >bin.json || fail 'eval of the verification set'
eval_json --data rows.npy --pairs pairs.csv >rows.json || fail 'eval of the rows by their keys'
eval_json --data bin.npy --pairs pairs.bin >binrows.json || fail 'eval of the rows by the set'
for other in bin rows binrows; do
    same_figures folder.json $other.json
done
strings=$(for where in "--model run --data $images --pairs pairs.csv" '--model run --data pairs.bin' \
    '--data rows.npy --pairs pairs.csv' '--data bin.npy --pairs pairs.bin'; do
    # shellcheck disable=SC2086
    "$tammes" eval $where --bootstrap 0 | grep '^accuracy'
done)
[ "$(wc -l <<<"$strings")" -eq 4 ] && [ "$(sort -u <<<"$strings" | wc -l)" -eq 1 ] ||
    fail "the accuracy is not the same four times: $strings"
grep -q 'accuracy *0\.[0-9]*+-0\.[0-9]* over 10 folds' <<<"$strings" || fail "no accuracy: $strings"

# Whether classes were in training: known with the model, not without.
grep -q '"classes_seen_in_training":0,.*"warnings":\[\]' folder.json || fail 'strangers are called seen'
grep -q '"model":null,.*"classes_seen_in_training":null' rows.json || fail 'rows without a model know its training'
expect_exit 0 'cannot be known' "$tammes" eval --data rows.npy --bootstrap 0
eval_json --model run "${train[@]:0:4}" --protocol identify >seen.json 2>seen.txt || fail 'eval of what was trained on'
grep -q 'warning: .*called as classes that the model was trained on' seen.txt || fail 'no warning of seen classes'
grep -q '"warnings":\["' seen.json || fail 'no warning of seen classes in JSON'

# Nothing is overwritten, and a neighbour of another array is not taken for one of this.
expect_exit 2 'rows.npy: exists' "$tammes" embed --model run pairs.bin -o rows.npy
touch new.labels.npy
expect_exit 2 'new.labels.npy: exists' "$tammes" embed --model run pairs.bin -o new.npy
expect_exit 2 'NAME.npy or NAME.safetensors' "$tammes" embed --model run pairs.bin -o new.txt
expect_exit 3 'nowhere' "$tammes" embed --model run nowhere -o new2.npy
expect_exit 3 'no-image.png' "$tammes" embed --model run "${two[0]}" no-image.png -o new3.npy
[ ! -e new.npy ] && [ ! -e new2.npy ] && [ ! -e new3.npy ] && [ ! -e new3.paths.txt ] || fail 'a failure left a file'

# Single images, lengths, safetensors.
expect_exit 0 '"quality":true' "$tammes" embed --model run "${two[@]}" --norms --normalise -o two.npy --json
[ "$(cat two.paths.txt)" = "$(printf '%s\n' "${two[@]}")" ] || fail 'paths of two images'
expect_exit 0 '1 embeddings' "$tammes" embed --model run "${two[0]}" -o one.safetensors
expect_exit 0 'embeddings: F32 \[1, 16\]' "$tammes" data inspect one.safetensors
expect_exit 0 'paths: U8' "$tammes" data inspect one.safetensors

# Names that no text holds as they are.
mkdir -p odd/a odd/b
cp "${two[0]}" odd/a/$'\xe9 \n.jpg' && cp "${two[1]}" odd/a/2.jpg && cp "${two[0]}" odd/b/1.jpg
cp "${two[1]}" odd/b/$'tab\t.jpg'
expect_exit 0 '4 embeddings' "$tammes" embed --model run odd -o odd.npy
[ "$(wc -l <odd.paths.txt)" -eq 4 ] || fail 'a newline in a name breaks the list of paths'
printf 'path_a,path_b,same\na/2.jpg,b/1.jpg,0\nb/1.jpg,a/2.jpg,0\n' >odd.csv
expect_exit 1 'insufficient data' "$tammes" eval --data odd.npy --pairs odd.csv --folds 2

# Arrays that do not fit.
head -c 300 rows.npy >cut.npy
expect_exit 3 'nothere.npy: there is no such file' "$tammes" eval --data nothere.npy
expect_exit 3 'cut.npy' "$tammes" eval --data cut.npy
cp "$golden/f4.npy" other.npy
expect_exit 3 'embeddings without labels' "$tammes" eval --data other.npy
expect_exit 0 '72 embeddings of 12 classes' "$tammes" eval --data other.npy --labels "$golden/f4.labels.npy"
expect_exit 3 'for the 72 rows' "$tammes" eval --data other.npy --labels rows.labels.npy
expect_exit 3 'rows of 8 numbers, and run has 16' "$tammes" eval --model run --data "$golden/f4.npy"
expect_exit 3 'rows of 8 numbers, and rows.npy has 16' "$tammes" eval --data rows.npy --protocol distractors \
    --distractors other.npy
expect_exit 2 '--protocol classify needs --model' "$tammes" eval --data rows.npy --protocol classify
expect_exit 2 '--gallery weights needs --model' "$tammes" eval --data rows.npy --protocol identify --gallery weights
expect_exit 2 '--flip yes comes too late' "$tammes" eval --data rows.npy --flip yes
expect_exit 2 'images need --model' "$tammes" eval --data "$images"
expect_exit 3 'images are missing in all' "$tammes" eval --data "$golden/f4.npy" --pairs pairs.csv

# Several models or data: one table.
"$tammes" eval --model run --model run/best.safetensors --data pairs.bin --bootstrap 0 >table.txt || fail 'a table of models'
[ "$(wc -l <table.txt)" -eq 3 ] || fail "no table of two models: $(cat table.txt)"
grep -q '^model .* protocol .*accuracy .*EER .*TAR@1e-01' table.txt || fail "the head of the table: $(head -n 1 table.txt)"
[ "$(sed -n 2p table.txt | awk '{print $4, $5, $6}')" = "$(sed -n 3p table.txt | awk '{print $4, $5, $6}')" ] ||
    fail 'the same model twice has two accuracies'
eval_json --data rows.npy --data "$golden/f4.npy" >table.json || fail 'a table of data'
grep -q '^{"models":\[{"protocol":"allpairs","model":null,"data":"rows.npy".*},{"protocol":"allpairs",.*f4.npy' table.json ||
    fail "the table in JSON: $(cut -c 1-300 table.json)"
expect_exit 1 'too few' "$tammes" eval --data odd.npy --data odd.npy --pairs odd.csv --folds 2
finish
