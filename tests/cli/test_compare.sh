# tammes compare as a person would use it: the table, the files, kill and resume, refusals.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs --out glyphs --ids 6 --per-id 20 --size 16 --quiet >/dev/null || fail "synth glyphs"
"$tammes" synth glyphs --out others --ids 6 --per-id 8 --size 16 --first 6 --quiet >/dev/null || fail "synth glyphs"
recipe=(--data glyphs --net conv4:width=16,bn=0 --batch 16 --lr 0.05 --warmup 0.1 --log-every 4 --quiet --threads 1)
# The numbers of a CSV without the times.
numbers() { awk -F, -v OFS=, '{ NF -= 5; print }' "$1"; }

"$tammes" compare "${recipe[@]}" --losses softmax,arcface:s=8,m=0.2+center --dims 2,8 --steps 30 --out C >table ||
    fail "compare"
grep -q "on the training data itself, glyphs: 120 images of 6 classes" table || fail "the table: $(cat table)"
for file in compare.csv compare.json compare.html softmax-2d/last.safetensors \
    arcface-s8-m0.2+center-8d/last.safetensors; do
    [ -s "C/$file" ] || fail "no C/$file"
done
[ "$(grep -o '<path stroke-linecap' C/compare.html | wc -l)" -ge 12 ] || fail "the page has no rays of classes"
[ "$(wc -l <C/compare.csv)" -eq 5 ] || fail "rows: $(cat C/compare.csv)"
grep -q '"arcface:s=8,m=0.2+center:lambda=0.1",2,' C/compare.csv || fail "the keys of small dimensions"
grep -q '"arcface:s=8,m=0.2+center",8,' C/compare.csv || fail "large dimensions have no such keys"

# A run is exactly what train makes of the same flags, and its numbers are what eval says.
"$tammes" train "${recipe[@]}" --loss softmax --dim 2 --steps 30 --out alone >/dev/null || fail "train"
same_files alone/last.safetensors C/softmax-2d/last.safetensors
same_files alone/config.yaml C/softmax-2d/config.yaml
expected=$("$tammes" eval --model alone --data glyphs --protocol allpairs --json | sed 's/.*"eer":\([-0-9.e]*\).*/\1/' |
    awk '{ printf "%.2f", 100 * $1 }')
accuracy=$("$tammes" eval --model alone --data glyphs --protocol classify --json |
    sed 's/.*"accuracy":\([-0-9.e]*\).*/\1/' | awk '{ printf "%.2f", 100 * $1 }')
rank=$("$tammes" eval --model alone --data glyphs --protocol identify --json | sed 's/.*"1":\([-0-9.e]*\).*/\1/' |
    awk '{ printf "%.2f", 100 * $1 }')
grep -q "^softmax,2,$accuracy,$expected,[0-9.]*,[0-9.]*,$rank," C/compare.csv ||
    fail "eval says $accuracy $expected $rank: $(cat C/compare.csv)"

# Finished runs are not trained again: the same files.
cp C/compare.csv before.csv
cp C/compare.html before.html
"$tammes" compare "${recipe[@]}" --losses softmax,arcface:s=8,m=0.2+center --dims 2,8 --steps 30 --out C --json \
    >again.json || fail "compare again"
same_files before.csv C/compare.csv
same_files before.html C/compare.html
same_files again.json C/compare.json

# kill -9 at any moment, the same command again: the same numbers and models.
long=(compare "${recipe[@]}" --losses softmax,cosface --steps 300 --checkpoint-seconds 1 --val others)
"$tammes" "${long[@]}" --out whole >/dev/null || fail "the uninterrupted comparison"
for pause in 0.2 0.5; do
    "$tammes" "${long[@]}" --out killed >/dev/null &
    process=$!
    sleep $pause
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
done
"$tammes" "${long[@]}" --out killed >/dev/null || fail "the resumed comparison"
same_files whole/softmax-2d/last.safetensors killed/softmax-2d/last.safetensors
same_files whole/cosface-2d/best.safetensors killed/cosface-2d/best.safetensors
[ "$(numbers whole/compare.csv)" = "$(numbers killed/compare.csv)" ] || fail "other numbers after kills"
grep -q '"on":"validation","path":"others"' killed/compare.json || fail "the images of --val"
grep -q '^softmax,2,,' killed/compare.csv || fail "classes never trained on have no accuracy: $(cat killed/compare.csv)"

# Ctrl-C: the exit code of train, and the same command goes on.
"$tammes" compare "${recipe[@]}" --losses softmax,cosface --epochs 100000 --out stopped >/dev/null 2>errors &
process=$!
for _ in $(seq 200); do
    [ -e stopped/softmax-2d/log.jsonl ] && break
    sleep 0.05
done
sleep 0.2
kill -s INT $process
wait $process
code=$?
[ $code -eq 130 ] || fail "SIGINT gives exit code $code"
grep -q "the same command goes on from there" errors || fail "SIGINT: $(cat errors)"
[ ! -e stopped/cosface-2d ] || fail "the next run began after SIGINT"

# A run that diverges is left out, the others are compared.
expect_exit 1 "1 of 2 runs have no numbers" "$tammes" compare --data glyphs --net conv4:width=16,bn=0 --batch 16 \
    --log-every 4 --quiet --steps 40 --lr 0.5 --clip 0 --warmup 0 --losses softmax+center:lambda=1000,p2sgrad --dims 4 --out diverged \
    --threads 1
grep -q "left_out" diverged/compare.json || fail "no reason in the JSON"
grep -q "^p2sgrad,4,[0-9]" diverged/compare.csv || fail "no numbers of the other: $(cat diverged/compare.csv)"

# Nets and settings: each combination is a run, the table has what varies, and a comparison that was killed goes on; the
# times that were measured stay.
nets=(compare --data glyphs --val others --nets conv4:bn=0,ir10:dropout=0 --loss arcface:s=8 --sweep net.width=4,8
    --sweep loss.m=0.1,0.3 --dims 16 --batch 16 --log-every 4 --quiet --threads 1)
"$tammes" "${nets[@]}" --steps 40 --out nets >table || fail "compare nets"
[ "$(wc -l <nets/compare.csv)" -eq 9 ] || fail "rows: $(cat nets/compare.csv)"
grep -q '^loss,net,dim,net.width,loss.m,accuracy_percent,.*,model_mb,.*,milliseconds_alone,milliseconds_of_32,run$' \
    nets/compare.csv || fail "columns: $(head -1 nets/compare.csv)"
grep -q '^"arcface:s=8,m=0.3","ir10:dropout=0,width=4",16,4,0.3,' nets/compare.csv || fail "rows: $(cat nets/compare.csv)"
grep -q 'every run: loss arcface:s=8, 16 dimensions' table || fail "the table: $(cat table)"
grep -q 'in f32, on 1 thread$' table || fail "the table: $(cat table)"
"$tammes" train --data glyphs --val others --net ir10:dropout=0,width=4 --loss arcface:s=8,m=0.3 --dim 16 --batch 16 --log-every 4 \
    --steps 40 --quiet --threads 1 --out same >/dev/null || fail "train"
same_files same/config.yaml nets/ir10-dropout0-arcface-s8-width4-m0.3-16d/config.yaml
same_files same/last.safetensors nets/ir10-dropout0-arcface-s8-width4-m0.3-16d/last.safetensors
cp nets/compare.csv before.csv
"$tammes" "${nets[@]}" --steps 40 --out nets >/dev/null || fail "compare nets again"
same_files before.csv nets/compare.csv
for pause in 0.2 0.4 0.6; do
    "$tammes" "${nets[@]}" --steps 40 --out nets-killed >/dev/null &
    process=$!
    sleep $pause
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
done
"$tammes" "${nets[@]}" --steps 40 --out nets-killed >/dev/null || fail "the resumed comparison of nets"
[ "$(numbers nets/compare.csv)" = "$(numbers nets-killed/compare.csv)" ] || fail "other numbers of nets after kills"
"$tammes" net conv4:width=8 --text --size 16 --channels 1 --dim 12 >own.net || fail "net --text"
"$tammes" compare --data glyphs --nets own.net,conv4:width=8 --batch 16 --steps 10 --out files --quiet --threads 1 \
    >/dev/null 2>errors && fail "a file with the layers of another net is the same net"
grep -q "the nets 'own.net' and 'conv4:width=8' are the same" errors || fail "the same nets: $(cat errors)"
"$tammes" compare --data glyphs --nets own.net,conv4:width=4 --batch 16 --steps 10 --out files --quiet --threads 1 \
    >/dev/null || fail "compare with a file"
grep -q '^arcface,own.net,12,' files/compare.csv || fail "the file's width: $(cat files/compare.csv)"
expect_exit 2 "own.net: a network that is a file takes no keys, and so no sweep over net.width" \
    "$tammes" compare --data glyphs --nets own.net --sweep net.width=4,8 --out bad
"$tammes" compare "${recipe[@]}" --sweep momentum=0,0.5 --sweep warmup=0,0.2 --dims 4 --steps 10 --out zeros >/dev/null ||
    fail "sweeps over numbers that may be 0"
grep -q '^momentum: 0$' zeros/arcface-momentum0-warmup0.2-4d/config.yaml || fail "momentum 0"
grep -q '^warmup: 0.1$' zeros/arcface-momentum0-warmup0.2-4d/config.yaml && fail "the swept warm-up is not taken"
grep -q '^warmup: 0$' zeros/arcface-momentum0.5-warmup0-4d/config.yaml || fail "warm-up 0"

# Everything is checked before anything is trained.
expect_exit 2 "the loss 'arcfase': unknown loss 'arcfase' (did you mean 'arcface'?)" \
    "$tammes" compare "${recipe[@]}" --losses softmax,arcfase --out bad
expect_exit 2 "'arcface:m=9'.*m" "$tammes" compare "${recipe[@]}" --losses softmax,arcface:m=9 --out bad
expect_exit 2 "empty place" "$tammes" compare "${recipe[@]}" --losses softmax,,arcface --out bad
expect_exit 2 "'arcface' and 'arcface:s=4,m=0.1' are the same" \
    "$tammes" compare "${recipe[@]}" --losses arcface,arcface:s=4,m=0.1 --out bad
expect_exit 2 "'arcface:s=16,m=0.3+center' and 'arcface:m=3e-1,s=16.0+center:lambda=0.1' are the same" \
    "$tammes" compare "${recipe[@]}" --losses softmax,arcface:s=16,m=0.3+center,arcface:m=3e-1,s=16.0+center:lambda=0.1 --out bad
expect_exit 2 "120 images are fewer than one batch of 128" \
    "$tammes" compare --data glyphs --quiet --losses softmax --dims 2,8 --steps 30 --out bad
expect_exit 2 "whole number in \[1, 65536\]" "$tammes" compare "${recipe[@]}" --losses softmax --dims 2,x --out bad
expect_exit 2 "losses" "$tammes" compare "${recipe[@]}" --out bad
expect_exit 2 "'ir10' and the list of nets 'conv4'" "$tammes" compare --data glyphs --net ir10 --nets conv4 --out bad
expect_exit 2 "give one of them" "$tammes" compare "${recipe[@]}" --loss softmax --losses arcface --out bad
expect_exit 2 "unknown key of the net conv4 'widht' (did you mean 'width'?)" \
    "$tammes" compare --data glyphs --sweep net.widht=8,16 --out bad
expect_exit 2 "'btach' cannot be swept (did you mean 'batch'?)" "$tammes" compare "${recipe[@]}" --sweep btach=8,16 --out bad
expect_exit 2 "'data' cannot be swept" "$tammes" compare "${recipe[@]}" --sweep data=glyphs,others --out bad
expect_exit 2 "'val' cannot be swept" "$tammes" compare "${recipe[@]}" --sweep val=glyphs,others --out bad
expect_exit 2 "'out' cannot be swept" "$tammes" compare "${recipe[@]}" --sweep out=a,b --out bad
expect_exit 2 "--lr 'x' is not a number" "$tammes" compare "${recipe[@]}" --sweep lr=0.1,x --out bad
expect_exit 2 "--batch '0' is outside its range" "$tammes" compare "${recipe[@]}" --sweep batch=8,0 --out bad
expect_exit 2 "the run 'batch=200': glyphs: 120 images are fewer" "$tammes" compare "${recipe[@]}" --sweep batch=8,200 --out bad
expect_exit 2 "'seed'.* is not a whole number\|--seed 'x'" "$tammes" compare "${recipe[@]}" --sweep seed=1,x --out bad
expect_exit 2 "is not KEY=VALUE" "$tammes" compare "${recipe[@]}" --sweep lr --out bad
expect_exit 3 "nowhere" "$tammes" compare --data nowhere --losses softmax --out bad --quiet
expect_exit 0 "usage: tammes compare --data DIR --out DIR \[--losses LIST\]" "$tammes" compare --help
[ ! -e bad ] || fail "a refused comparison left something behind"
expect_exit 2 "lr" "$tammes" compare "${recipe[@]}" --losses softmax --steps 30 --lr 0.2 --out C
mkdir -p theirs/p2sgrad-2d
echo mine >theirs/p2sgrad-2d/notes
expect_exit 2 "theirs/p2sgrad-2d: the folder holds 'notes' and no run" \
    "$tammes" compare "${recipe[@]}" --losses softmax,p2sgrad --out theirs
[ ! -e theirs/softmax-2d ] || fail "trained before the other run's folder was refused"

# A warning about keys is said once, however often they are read.
"$tammes" compare "${recipe[@]}" --losses magface:lambda-g=1,softmax --dims 2,8 --steps 4 --out warned >/dev/null 2>errors ||
    fail "magface: $(cat errors)"
[ "$(grep -c 'lambda-g=1 is below 22.59' errors)" -eq 1 ] || fail "the warning: $(cat errors)"
expect_exit 4 "/proc/nowhere" "$tammes" compare "${recipe[@]}" --losses softmax --out /proc/nowhere
finish
