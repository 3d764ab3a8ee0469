# The head's options of tammes train and compare: dtypes, workspace, sampled classes, the gradient filter.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs --out glyphs --ids 200 --per-id 4 --size 16 --quiet >/dev/null || fail "synth glyphs"
recipe=(--data glyphs --net conv4:width=16 --dim 8 --loss arcface:s=16,m=0.2 --batch 16 --epochs 2 --log-every 10
    --threads 1 --quiet)

# The default is f32, exact, all classes; saying so is the same run, and so is any workspace.
"$tammes" train "${recipe[@]}" --out plain >/dev/null || fail "train"
! grep -q "head\|sample-rate\|filter" plain/config.yaml || fail "config.yaml speaks of defaults"
"$tammes" train "${recipe[@]}" --head-dtype f32 --head-workspace 0 --sample-rate 1 --gradient-filter 0 --out said \
    >/dev/null || fail "train with the defaults"
same_files plain/last.safetensors said/last.safetensors
same_files plain/config.yaml said/config.yaml
"$tammes" train "${recipe[@]}" --head-workspace 3.5M --out plain >/dev/null || fail "another workspace is the same run"

# Every option trains, is written, brings the same run back, and its model serves whoever opens it.
number=0
for options in "--head-dtype bf16" "--head-dtype bf16-lean" "--sample-rate 0.3" "--gradient-filter 1" \
    "--head-dtype bf16-lean --sample-rate 0.3 --gradient-filter 12"; do
    number=$((number + 1))
    run=run$number
    # shellcheck disable=SC2086 # the options are several words
    "$tammes" train "${recipe[@]}" $options --out $run >/dev/null || fail "train $options"
    set -- $options
    while [ $# -gt 0 ]; do
        grep -q "^${1#--}: \"\?$2\"\?$" $run/config.yaml || fail "config.yaml lacks $1 $2"
        shift 2
    done
    "$tammes" train --config $run/config.yaml --head-workspace 20M --out again$number --threads 1 --quiet >/dev/null ||
        fail "train --config with $options"
    same_files $run/last.safetensors again$number/last.safetensors
    same_files $run/config.yaml again$number/config.yaml
    "$tammes" eval --model $run --data glyphs --protocol classify --quiet >$run.classes || fail "classify after $options"
    "$tammes" report $run --out $run.page --quiet >/dev/null || fail "report of $options"
    # kill -9 and another workspace: the same bytes.
    "$tammes" train "${recipe[@]}" $options --out killed >/dev/null &
    process=$!
    for _ in $(seq 100); do
        [ -e killed/log.jsonl ] && break
        sleep 0.02
    done
    sleep 0.05
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
    "$tammes" train "${recipe[@]}" $options --head-workspace 0 --out killed >/dev/null || fail "resuming $options"
    same_files $run/last.safetensors killed/last.safetensors
    same_files $run/best.safetensors killed/best.safetensors
    rm -rf killed
done
cmp -s plain/last.safetensors run1/last.safetensors && fail "bf16 gives the bytes of f32"
cmp -s run1/last.safetensors run2/last.safetensors && fail "bf16-lean gives the bytes of bf16"
[ "$(stat -c %s run2/last.safetensors)" -lt "$(stat -c %s run1/last.safetensors)" ] || fail "bf16-lean is not smaller"
grep -q '"kind":"step".*"classes":60,' run3/log.jsonl || fail "the log does not say how many classes took part"
grep -q '"kind":"step".*"tiles_left_out":[0-9.]*,"filter_bound":[0-9.e-]*,' run4/log.jsonl ||
    fail "the log does not say what the filter left out"

# A model of one dtype begins a run of another.
for from in plain run2; do
    for dtype in f32 bf16 bf16-lean; do
        "$tammes" train "${recipe[@]}" --head-dtype $dtype --init-from $from --out tuned >/dev/null ||
            fail "$dtype from $from"
        head -n 1 tuned/log.jsonl | grep -q '"class_weights":"taken"' || fail "$dtype takes no weights from $from"
        rm -rf tuned
    done
done

# Another dtype, rate or filter is another run.
cp -r run5 kept
expect_exit 2 'head-dtype: "bf16-lean", this one absent' "$tammes" train "${recipe[@]}" --sample-rate 0.3 \
    --gradient-filter 12 --out run5
expect_exit 2 'head-dtype: "bf16-lean", this one "bf16"' "$tammes" train "${recipe[@]}" --head-dtype bf16 \
    --sample-rate 0.3 --gradient-filter 12 --out run5
expect_exit 2 "sample-rate: 0.3, this one 0.5" "$tammes" train "${recipe[@]}" --head-dtype bf16-lean --sample-rate 0.5 \
    --gradient-filter 12 --out run5
expect_exit 2 "gradient-filter: 12, this one 13" "$tammes" train "${recipe[@]}" --head-dtype bf16-lean \
    --sample-rate 0.3 --gradient-filter 13 --out run5
diff -r run5 kept || fail "a refused command changed the run"

# Bad values.
expect_exit 2 "'f16'; there are f32, bf16 and bf16-lean" "$tammes" train "${recipe[@]}" --head-dtype f16 --out bad
for rate in 0 -0.1 1.01 nan x; do
    expect_exit 2 "\-\-sample-rate '$rate' is" "$tammes" train "${recipe[@]}" --sample-rate "$rate" --out bad
done
for filter in -1 61 1.5 x; do
    expect_exit 2 "\-\-gradient-filter '$filter' is" "$tammes" train "${recipe[@]}" --gradient-filter "$filter" --out bad
done
for size in x 5x 1.2.3 -1 1e6 64MB k '' . 9999999999G '64 M' 64m; do
    expect_exit 2 "\-\-head-workspace '$size' is" "$tammes" train "${recipe[@]}" --head-workspace "$size" --out bad
done
expect_exit 2 "the least is .*([0-9]* bytes)" "$tammes" train "${recipe[@]}" --head-workspace 1k --out bad
[ ! -e bad ] || fail "a wrong word leaves a folder"
least=$("$tammes" train "${recipe[@]}" --head-workspace 1 --out bad 2>&1 | sed -n 's/.*(\([0-9]*\) bytes).*/\1/p')
"$tammes" train "${recipe[@]}" --head-workspace "$least" --out least >/dev/null || fail "the least workspace, $least bytes"
same_files plain/last.safetensors least/last.safetensors
expect_exit 2 "the least is" "$tammes" train "${recipe[@]}" --head-workspace $((least - 1)) --out bad

# The same flags in a comparison, whose runs then say so.
"$tammes" compare --data glyphs --losses arcface:s=16,cosface:s=16 --dims 8 --net conv4:width=16 --batch 16 --steps 20 \
    --head-dtype bf16-lean --sample-rate 0.5 --head-workspace 2M --out compared --threads 1 --quiet >/dev/null ||
    fail "compare"
for folder in compared/*/; do
    grep -q '^head-dtype: "bf16-lean"$' "$folder/config.yaml" || fail "$folder has another dtype"
    grep -q '^sample-rate: 0.5$' "$folder/config.yaml" || fail "$folder has another rate"
done
finish
