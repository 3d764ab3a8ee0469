# tammes train as a second step: a trained model is fine-tuned with a pair loss; refusals, kill -9, --config.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs --out glyphs --ids 40 --per-id 12 --size 20 --quiet >/dev/null || fail "synth glyphs"
"$tammes" synth glyphs --out others --ids 24 --first 1000 --per-id 12 --size 20 --quiet >/dev/null || fail "synth glyphs"
common=(--data glyphs --net conv4:width=16 --dim 16 --augment affine --log-every 5 --threads 1 --quiet)
tune=("${common[@]}" --init-from first --loss triplet --sampler pk:P=8,K=4 --epochs 8 --lr 0.01 --seed 3)

error_of() { # the one-shot error on classes that no training has seen
    "$tammes" eval --model "$1" --data others --protocol fewshot --episodes 500 --json --quiet |
        sed 's/.*"fewshot_error":\([0-9.e-]*\).*/\1/'
}

# A class loss first, then triplets: the one-shot error on strangers does not get worse than by the noise of 500
# episodes, and is far from the untrained net's.
"$tammes" train "${common[@]}" --loss arcface:s=16,m=0.2 --batch 32 --epochs 20 --lr 0.1 --out first >/dev/null ||
    fail "the first training"
output=$("$tammes" train "${tune[@]}" --out tuned --json) || fail "fine-tuning"
for member in '"step":120' '"no_pairs":0' '"skipped":0'; do
    grep -q "$member" <<<"$output" || fail "the result lacks $member: $output"
done
before=$(error_of first) after=$(error_of tuned)
awk -v a="$before" -v b="$after" 'BEGIN { exit !(a > 0 && a < 0.6 && b < a + 0.02) }' ||
    fail "the one-shot error was $before and is $after"
echo "one-shot error: $before, then $after"
head -n 1 tuned/log.jsonl | grep -q '"loss":"triplet".*"batch":32,"sampler":"pk:P=8,K=4","init_step":' ||
    fail "the log begins with $(head -n 1 tuned/log.jsonl)"

# A model without class weights has other protocols than classification.
"$tammes" eval --model tuned --data others >/dev/null || fail "eval of all pairs"
expect_exit 3 "no class weights" "$tammes" eval --model tuned --data glyphs --protocol classify
expect_exit 3 "no class weights" "$tammes" eval --model tuned --data glyphs --protocol identify --gallery weights
"$tammes" report tuned --out page.html --quiet >/dev/null || fail "report"

# config.yaml brings the same run back; the model's beginning is part of it.
grep -qx 'init-from: "first"' tuned/config.yaml || fail "config.yaml lacks init-from"
grep -qx 'sampler: "pk:P=8,K=4"' tuned/config.yaml || fail "config.yaml lacks the sampler"
"$tammes" train --config tuned/config.yaml --out again --threads 1 --quiet >/dev/null || fail "train --config"
same_files tuned/last.safetensors again/last.safetensors
same_files tuned/config.yaml again/config.yaml

# kill -9 at any moment, the model gone meanwhile: the same bytes.
for pause in 0.05 0.15 0.3 0.1; do
    "$tammes" train "${tune[@]}" --checkpoint-seconds 1 --out killed >/dev/null &
    process=$!
    for _ in $(seq 500); do # only then is the model in the run's own checkpoint
        [ -e killed/last.safetensors ] && break
        sleep 0.01
    done
    mv first away 2>/dev/null
    sleep $pause
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
done
"$tammes" train "${tune[@]}" --checkpoint-seconds 1 --out killed >/dev/null || fail "the resumed run"
mv away first
same_files tuned/last.safetensors killed/last.safetensors
same_files tuned/best.safetensors killed/best.safetensors

# Refusals name both values and leave no trace.
plain=("${common[@]}" --epochs 1 --out refused)
expect_exit 2 "the model has dim 16, this run 8" "$tammes" train "${plain[@]}" --init-from first --dim 8
expect_exit 2 "net is 'conv4:width=16', this run's 'conv4'" "$tammes" train "${plain[@]}" --init-from first --net conv4
expect_exit 2 "takes 20 x 20 with 1 channels, this run's images are 24 x 24 with 1" \
    "$tammes" train "${plain[@]}" --init-from first --size 24
expect_exit 3 "others: the folder holds neither" "$tammes" train "${plain[@]}" --init-from others
expect_exit 3 "nowhere" "$tammes" train "${plain[@]}" --init-from nowhere
expect_exit 3 "config.yaml" "$tammes" train "${plain[@]}" --init-from first/config.yaml
expect_exit 2 "--init-from '' is empty" "$tammes" train "${plain[@]}" --init-from ''
expect_exit 2 "P=41 classes in a batch, the data set has 40" "$tammes" train "${plain[@]}" --sampler pk:P=41,K=2
expect_exit 2 "batch is 30, but the sampler pk:P=8,K=4 makes batches of 32" \
    "$tammes" train "${plain[@]}" --sampler pk:P=8,K=4 --batch 30
expect_exit 2 "480 images are fewer than one batch of 520" "$tammes" train "${plain[@]}" --sampler pk:P=40,K=13
expect_exit 2 "K=0 is outside its range" "$tammes" train "${plain[@]}" --sampler pk:P=8,K=0
expect_exit 2 "did you mean 'pk'" "$tammes" train "${plain[@]}" --sampler kp
[ ! -e refused ] || fail "a refused command left a folder"
expect_exit 2 'init-from: "first", this one absent' "$tammes" train "${common[@]}" --loss triplet \
    --sampler pk:P=8,K=4 --epochs 8 --lr 0.01 --seed 3 --out tuned

# A class of one image has no pair, only a copy; augmented, the copy is another image.
"$tammes" synth glyphs --out singles --ids 8 --per-id 1 --size 20 --quiet >/dev/null || fail "synth glyphs"
pk=(train --data singles --net conv4:width=16 --dim 16 --threads 1 --loss triplet --sampler pk:P=4,K=2 --steps 2 --quiet)
"$tammes" "${pk[@]}" --out copies >/dev/null 2>errors || fail "classes of one image: $(cat errors)"
[ "$(grep -c "8 of 8 classes have one image.*triplet learns nothing" errors)" -eq 1 ] || fail "copies: $(cat errors)"
"$tammes" "${pk[@]}" --augment affine --out views >/dev/null 2>errors || fail "augmented: $(cat errors)"
[ ! -s errors ] || fail "augmented copies are pairs: $(cat errors)"

# Weights that leave f32 in the last steps: the same advice as for a run that diverges in the middle.
expect_exit 1 "last.safetensors is good.*try a lower learning rate than 1e+12\|there is no checkpoint yet.*lower learning" \
    "$tammes" train --data glyphs --net conv4:width=4 --loss sphereface:m=8,lambda-base=0,lambda-min=0 --dim 4 --batch 12 \
    --steps 12 --lr 1e12 --warmup 0 --schedule constant --clip 0 --threads 1 --quiet --out overflow

# A batch without pairs says so once, names the remedy, and is counted.
output=$("$tammes" train --data glyphs --net conv4:width=16 --dim 16 --threads 1 --loss triplet --batch 2 --steps 60 \
    --out alone --json 2>errors) || fail "batches of two: $(cat errors)"
[ "$(grep -c -- '--sampler pk:P=16,K=4' errors)" -eq 1 ] || fail "the warning: $(cat errors)"
grep -qE '"no_pairs":[1-9]' <<<"$output" || fail "no count of batches without pairs: $output"
grep -q '"skipped":0' <<<"$output" || fail "batches without pairs count as failures: $output"
finish
