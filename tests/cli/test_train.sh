# tammes train as a person would use it: results, refusals, kill -9, signals.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs --out glyphs --ids 12 --per-id 10 --size 16 --quiet >/dev/null || fail "synth glyphs"
recipe=(--data glyphs --val glyphs --net conv4:width=16 --dim 8 --loss arcface:s=16,m=0.2+center --batch 16
    --augment affine --log-every 5 --quiet)

# A JSON result, and a config file that brings the same run back.
output=$("$tammes" train "${recipe[@]}" --epochs 2 --out plain --json --threads 1) || fail "train"
for member in '"step":14' '"loss":' '"images_per_second":' '"load":' '"stall_seconds":' '"skipped":0' '"resumed":false'; do
    grep -q "$member" <<<"$output" || fail "the result lacks $member: $output"
done
"$tammes" train --config plain/config.yaml --out again --threads 1 --quiet >/dev/null || fail "train --config"
same_files plain/last.safetensors again/last.safetensors
same_files plain/config.yaml again/config.yaml

"$tammes" train "${recipe[@]:0:${#recipe[@]}-1}" --epochs 2 --out loud --cache off --threads 1 >/dev/null 2>progress || fail "train --cache off"
grep -qE 'Stall [0-9]+\.[0-9] s \([0-9]+%\)' progress || fail "no stall in the progress line: $(tail -1 progress)"
grep -qE '"kind":"end".*"stall_seconds":[0-9]' loud/log.jsonl || fail "no stall in the log: $(tail -1 loud/log.jsonl)"
same_files plain/last.safetensors loud/last.safetensors # what is kept in memory decides no bit

# Refusals leave the run as it was.
cp -r plain kept
expect_exit 2 "lr: 0.03, this one 0.2" "$tammes" train "${recipe[@]}" --epochs 2 --lr 0.2 --out plain
expect_exit 2 "resume no" "$tammes" train "${recipe[@]}" --epochs 2 --out plain --resume no
expect_exit 2 "and no run" "$tammes" train "${recipe[@]}" --epochs 2 --out glyphs
expect_exit 4 "/proc/nowhere" "$tammes" train "${recipe[@]}" --epochs 2 --out /proc/nowhere
expect_exit 1 "not finite in 20 steps" "$tammes" train "${recipe[@]}" --epochs 9 --lr 1e12 --clip 0 --warmup 0 \
    --loss softmax --out diverging
diff -r plain kept || fail "a refused command changed the run"

# kill -9 at any moment, the same command again: the same bytes, with one and with two threads.
for threads in 1 2; do
    long=("${recipe[@]}" --epochs 40 --checkpoint-seconds 1 --threads "$threads")
    "$tammes" train "${long[@]}" --out whole$threads >/dev/null || fail "the uninterrupted run"
    for pause in 0.1 0.5 1.2 0.9 1.7; do
        "$tammes" train "${long[@]}" --out killed$threads >/dev/null &
        process=$!
        sleep $pause
        kill -9 $process 2>/dev/null
        wait $process 2>/dev/null
    done
    "$tammes" train "${long[@]}" --out killed$threads >/dev/null || fail "the resumed run"
    same_files whole$threads/last.safetensors killed$threads/last.safetensors
    same_files whole$threads/best.safetensors killed$threads/best.safetensors
    # The logs agree too, but for the measured times.
    for run in whole$threads killed$threads; do
        sed 's/"\(images_per_second\|load\|forward\|head\|backward\|update\|seconds\|stall_seconds\)":[^,}]*//g' $run/log.jsonl >$run.log
    done
    same_files whole$threads.log killed$threads.log
done

# A full disk (here: a limit on file sizes): a warning, then exit code 4; the old checkpoint stays whole and is good.
short=("${recipe[@]}" --epochs 6 --threads 1)
"$tammes" train "${short[@]}" --out roomy >/dev/null || fail "the run with room"
"$tammes" train "${short[@]}" --out full >/dev/null &
process=$!
for _ in $(seq 200); do
    [ -e full/last.safetensors ] && break
    sleep 0.01
done
kill -9 $process 2>/dev/null
wait $process 2>/dev/null
cp full/last.safetensors before
(
    ulimit -f 16
    "$tammes" train "${short[@]}" --out full >/dev/null 2>errors
)
code=$?
if cmp -s before roomy/last.safetensors; then
    echo "the run was over before it could be killed"
else
    [ $code -eq 4 ] || fail "a full disk is exit code $code, not 4: $(cat errors)"
    grep -q "warning: .*cannot write.*trying again later" errors || fail "no warning of a full disk: $(cat errors)"
    grep -q "^tammes: full/last.safetensors.tmp: cannot write" errors || fail "no sentence: $(cat errors)"
    same_files before full/last.safetensors
    [ ! -e full/last.safetensors.tmp ] || fail "half a file stays behind"
fi
"$tammes" train "${short[@]}" --out full >/dev/null || fail "the run after the full disk"
same_files roomy/last.safetensors full/last.safetensors
same_files roomy/best.safetensors full/best.safetensors

# Ctrl-C saves and says so; the same command goes on.
for signal in INT TERM; do
    "$tammes" train "${recipe[@]}" --epochs 100000 --out stopped --threads 1 >/dev/null 2>errors &
    process=$!
    for _ in $(seq 100); do
        [ -e stopped/log.jsonl ] && break
        sleep 0.05
    done
    sleep 0.3
    # No thread that computes may be interrupted by them (docs/engine.md): SIGINT is bit 1, SIGTERM bit 14.
    blocked=$(awk '/^SigBlk/ {print $2}' /proc/$process/status)
    [ $((0x$blocked & 0x4002)) -eq $((0x4002)) ] || fail "the computing thread takes signals: $blocked"
    # A shell without job control starts background jobs with SIGINT ignored; the program's own handler undoes that.
    kill -s $signal $process
    wait $process
    code=$?
    [ $code -eq $((128 + $(kill -l $signal))) ] || fail "SIG$signal gives exit code $code"
    grep -q "stopped after step [0-9]* of .*the same command goes on" errors || fail "SIG$signal: $(cat errors)"
    [ -s stopped/last.safetensors ] || fail "SIG$signal did not save"
done
finish
