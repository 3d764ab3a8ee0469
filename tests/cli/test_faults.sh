# What a hostile machine or user may do: pipes for files, odd names, odd settings of OpenMP, devices to write to.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

"$tammes" synth glyphs --out glyphs --ids 4 --per-id 8 --size 16 --quiet >/dev/null || fail "synth glyphs"
recipe=(--net conv4:width=16 --dim 4 --batch 8 --epochs 2 --quiet)
"$tammes" train --data glyphs "${recipe[@]}" --out run --threads 1 >/dev/null || fail "train"

# Nothing waits for ever. A signal that the program catches would not end it, so the limit kills.
soon=(timeout -s KILL 60)
mkfifo pipe
expect_exit 3 "pipe: the config file is not a regular file" "${soon[@]}" "$tammes" train --config pipe
expect_exit 3 "pipe: not a regular file" "${soon[@]}" "$tammes" train --data glyphs --classes @pipe --out other
expect_exit 3 "pipe: not a regular file" "${soon[@]}" "$tammes" eval --data glyphs --model pipe
expect_exit 4 "pipe: not a regular file" "${soon[@]}" "$tammes" report run --out pipe
[ -p pipe ] || fail "the report replaced a pipe"

# OpenMP may have fewer threads for us than --threads says; the result is that of so few.
for setting in OMP_THREAD_LIMIT=1 OMP_MAX_ACTIVE_LEVELS=0; do
    "${soon[@]}" env $setting "$tammes" train --data glyphs "${recipe[@]}" --threads 2 --out "$setting" >/dev/null ||
        fail "train with $setting"
    same_files run/last.safetensors "$setting/last.safetensors"
done
"$tammes" train --data glyphs "${recipe[@]}" --threads 2 --out two >/dev/null || fail "train with two threads"
for setting in OMP_DYNAMIC=true OMP_NUM_THREADS=1 OMP_NUM_THREADS=64 TMPDIR=/nowhere LC_ALL=de_DE.UTF-8; do
    "${soon[@]}" env $setting "$tammes" train --data glyphs "${recipe[@]}" --threads 2 --out "$setting" >/dev/null ||
        fail "train with $setting"
    same_files two/last.safetensors "$setting/last.safetensors"
done

# Names may hold any byte: sentences stay one line of text, and JSON stays JSON.
odd=$'o\xffdd\n\x1b[31mname'
cp -r glyphs "$odd"
expect_exit 0 '"data":"oÿdd\\n\\u001B\[31mname"' "$tammes" eval --model run --data "$odd" --json
expect_exit 0 '"out":"runÿ"' "$tammes" train --data "$odd" "${recipe[@]}" --out $'run\xff' --json
: >"$odd/id000000/000.png"
expect_exit 3 'o\\xffdd\\x0a\\x1b\[31mname/id000000/000.png: the file is empty' "$tammes" eval --model run --data "$odd"
expect_exit 2 "unknown loss 'ärc\\\\xc3\\\\x0aface'" "$tammes" train --data glyphs --batch 8 --out other --loss $'ärc\xc3\nface'

# A refused setting leaves no run behind.
expect_exit 2 "outside its range \[1, 256\]" "$tammes" train --data glyphs "${recipe[@]}" --loader-threads 257 --out other
[ ! -e other ] || fail "a refused command made a run directory"

# An image cut short behind its header: left out and counted, also by a run that was killed and started again.
cp -r glyphs cut
for image in cut/id000001/002.png cut/id000003/005.png; do
    head -c 90 "glyphs/${image#cut/}" >$image
done
partly=(--data cut "${recipe[@]}" --augment affine --threads 1)
expect_exit 0 '"unreadable":4' "$tammes" train "${partly[@]}" --out partly --json
expect_exit 0 "warning: cut/id00000./00.\.png: cut short PNG.*left out" "$tammes" train "${partly[@]}" --loader-threads 3 --out again
same_files partly/last.safetensors again/last.safetensors
grep -q '"kind":"end".*"unreadable":4' partly/log.jsonl || fail "the log does not count: $(tail -1 partly/log.jsonl)"
long=("${partly[@]}" --epochs 300 --checkpoint-seconds 1)
"$tammes" train "${long[@]}" --out whole >/dev/null 2>&1 || fail "the uninterrupted run"
for pause in 0.4 1.3; do
    "$tammes" train "${long[@]}" --out killed >/dev/null 2>&1 &
    process=$!
    sleep $pause
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
done
"$tammes" train "${long[@]}" --out killed >/dev/null 2>&1 || fail "the resumed run"
same_files whole/last.safetensors killed/last.safetensors
expect_exit 3 "cut short PNG" "$tammes" eval --model partly --data cut

# A log that is none.
cp -r run garbage
head -c 5000 /dev/urandom >garbage/log.jsonl
expect_exit 3 "garbage/log.jsonl: not one line of it is a training run's" "$tammes" report garbage --out page.html
[ ! -e page.html ] || fail "a page was written for a run without a log"
finish
