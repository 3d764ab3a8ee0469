# How the net runs: --dtype, --recompute, --deterministic, --tune and --accumulate of train, compare, eval and doctor.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1
export XDG_CACHE_HOME=$scratch/cache

"$tammes" synth glyphs --out glyphs --ids 8 --per-id 9 --size 16 --quiet >/dev/null || fail "synth glyphs"
recipe=(--data glyphs --net conv4:width=16 --dim 8 --loss arcface:s=16,m=0.2 --batch 8 --steps 6 --quiet)

expect() {
    grep -q -- "$2" "$1" || fail "$1 does not have $2: $(head -n 1 "$1")"
}

# The defaults, given, are the defaults.
"$tammes" train "${recipe[@]}" --threads 1 --out plain >/dev/null || fail "train"
"$tammes" train "${recipe[@]}" --threads 1 --out said --dtype f32 --recompute sweeps --tune off --accumulate 1 \
    >/dev/null || fail "train with the defaults"
same_files plain/last.safetensors said/last.safetensors
same_files plain/config.yaml said/config.yaml
expect plain/log.jsonl '"dtype":"f32","recompute":"sweeps","deterministic":0,"tune":"off","accumulate":1'
[ -e cache ] && fail "training without --tune made $(find cache)"

# What is made again in backward changes no bit, and may change when the run goes on.
for recompute in none units; do
    "$tammes" train "${recipe[@]}" --threads 1 --recompute $recompute --out $recompute >/dev/null || fail "--recompute"
    same_files plain/last.safetensors $recompute/last.safetensors
    expect $recompute/config.yaml "^recompute: \"$recompute\"\$"
    "$tammes" train "${recipe[@]}" --threads 1 --out $recompute >/dev/null || fail "resume without --recompute"
done

# Any number of threads.
for threads in 1 2 3; do
    "$tammes" train "${recipe[@]}" --deterministic --threads $threads --out fixed$threads >/dev/null || fail "train"
    same_files fixed1/last.safetensors fixed$threads/last.safetensors
done
expect fixed1/config.yaml '^deterministic: true$'
"$tammes" train --config fixed1/config.yaml --threads 2 --out fixed4 --quiet >/dev/null || fail "train --config"
same_files fixed1/last.safetensors fixed4/last.safetensors
expect_exit 2 "deterministic: true, this one absent" "$tammes" train "${recipe[@]}" --out fixed1

# Steps of several batches: 72 images are 4 steps of 16 an epoch.
"$tammes" train "${recipe[@]}" --accumulate 2 --threads 1 --out parts >/dev/null || fail "--accumulate"
expect parts/config.yaml '^accumulate: 2$'
expect parts/log.jsonl '"kind":"epoch","epoch":1,"step":4,'
"$tammes" train --config parts/config.yaml --threads 1 --out parts2 --quiet >/dev/null || fail "train --config"
same_files parts/last.safetensors parts2/last.safetensors
expect_exit 2 "accumulate: 2, this one absent" "$tammes" train "${recipe[@]}" --out parts
expect_exit 2 "72 images are fewer than one step of 10 batches of 8" "$tammes" train "${recipe[@]}" --accumulate 10 \
    --out bad
expect_exit 2 "accumulate" "$tammes" train "${recipe[@]}" --accumulate 0 --out bad

# Choices of algorithms are the user's and the run's; a run without a home has its own.
"$tammes" train "${recipe[@]}" --tune full --threads 1 --out tuned >/dev/null || fail "--tune full"
same_files tuned/tuning.txt cache/tammes/tuning.txt
[ -s tuned/tuning.txt ] || fail "no choices"
env -u XDG_CACHE_HOME HOME="$scratch/home" "$tammes" train "${recipe[@]}" --tune fast --threads 1 --out home1 \
    >/dev/null || fail "--tune fast"
[ ! -e home1/tuning.txt ] || same_files home1/tuning.txt home/.cache/tammes/tuning.txt
env -u XDG_CACHE_HOME -u HOME "$tammes" train "${recipe[@]}" --tune full --threads 1 --out homeless >/dev/null ||
    fail "without a home"
[ -s homeless/tuning.txt ] || fail "no choices without a home"

# Wrong words leave nothing behind.
expect_exit 2 "unknown dtype 'f16'" "$tammes" train "${recipe[@]}" --dtype f16 --out bad
expect_exit 2 "unknown recomputation 'all'" "$tammes" train "${recipe[@]}" --recompute all --out bad
expect_exit 2 "unknown tuning 'on'" "$tammes" train "${recipe[@]}" --tune on --out bad
expect_exit 2 "unknown dtype 'f16'" "$tammes" eval --model plain --data glyphs --dtype f16
expect_exit 2 "unknown dtype 'f16'" "$tammes" doctor --net conv4 --size 16 --dtype f16
[ -e bad ] && fail "a refused command made a folder"
expect_exit 2 'dtype: absent, this one "bf16"' "$tammes" train "${recipe[@]}" --dtype bf16 --out plain

expect_exit 0 '"dtype":"f32"' "$tammes" eval --model plain --data glyphs --json
expect_exit 0 'embedding in f32' "$tammes" eval --model plain --data glyphs --dtype f32

# Another verb that trains.
"$tammes" compare --data glyphs --net conv4:width=16 --dims 8 --losses softmax --batch 8 --steps 4 --accumulate 2 \
    --recompute units --deterministic --dtype f32 --out compared --threads 1 --quiet >/dev/null || fail "compare"
for folder in compared/*/; do
    expect "$folder/config.yaml" '^accumulate: 2$'
    expect "$folder/config.yaml" '^deterministic: true$'
    expect "$folder/config.yaml" '^recompute: "units"$'
done
finish
