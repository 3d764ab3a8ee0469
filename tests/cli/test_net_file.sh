# A network that is a text file, wherever a net's name is taken, and what a run does when the file is gone or changed.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

cat >own.net <<'TEXT'
# a small net of ours
input = input(channels=3, height=24, width=20)
first = conv(input, out=8, kernel=3, pad=1, bias=0)
norm = batch_norm(first)
act = prelu(norm)
pool = max_pool(act)
second = conv(pool, out=8, kernel=3, pad=1)
joined = add(second, pool)
x = fc(joined, out=6)
TEXT

# Its usual input, another one, and its own width.
expect_exit 0 "^joined  *add  *8 x 12 x 10 " "$tammes" net own.net
expect_exit 0 "^joined  *add  *8 x 8 x 8 " "$tammes" net ./own.net --size 16 --channels 1
expect_exit 0 '"dim":6,' "$tammes" net own.net --json
expect_exit 2 "own.net: the network's embedding has 6 numbers, not 7" "$tammes" net own.net --dim 7
expect_exit 3 "own.net, line 6 (for an input of 3 x 1 x 1): pool: a 2 x 2 window does not fit" \
    "$tammes" net own.net --size 1
expect_exit 2 "own.net: a network that is a file takes no keys, but 'width=3' was given" "$tammes" net own.net:width=3
"$tammes" net own.net --text >text.net || fail "--text"
"$tammes" net text.net --text | cmp - text.net || fail "a text that is read is not the one that was written"
"$tammes" net ir10 --text >ir10.net && "$tammes" net ir10.net --text | cmp - ir10.net || fail "ir10 as a text"
expect_exit 0 "own.net" "$tammes" bench net --net own.net --batch 2 --seconds 0.01
expect_exit 0 "own.net, 3 x 24 x 20, batch 4" "$tammes" doctor --net own.net --batch 4

# Files that are at fault.
mkdir folder.net
mkfifo pipe.net
: >empty.net
printf '\n \n' >blank.net
head -c 4000001 /dev/zero | tr '\0' '#' >large.net
printf 'input = input(channels=1, height=4, width=4)\nx = \001' >bytes.net
sed 's/conv(pool/conf(pool/' own.net >op.net
sed 's/joined = add(second, pool)/joined = add(second, x)/' own.net >cycle.net
expect_exit 3 "missing.net: cannot open: No such file" "$tammes" net missing.net
expect_exit 3 "folder.net: not a regular file" "$tammes" net folder.net
expect_exit 3 "pipe.net: not a regular file" timeout 5 "$tammes" net pipe.net
expect_exit 3 "empty.net: the file is empty" "$tammes" net empty.net
expect_exit 3 "blank.net: the file is empty" "$tammes" net blank.net
expect_exit 3 "large.net: 4000001 bytes, more than the 4000000 allowed" "$tammes" net large.net
expect_exit 3 "bytes.net, line 2: not a text" "$tammes" net bytes.net
expect_exit 3 "op.net, line 7: unknown op 'conf' (did you mean 'conv'?)" "$tammes" net op.net
expect_exit 3 "cycle.net, line 8: joined reads 'x', which line 9 defines: a node reads nodes of lines above it" \
    "$tammes" net cycle.net

# A run of a file. Its width need not be given.
"$tammes" synth glyphs --out glyphs --ids 8 --per-id 6 --size 16 --quiet >/dev/null || fail "synth glyphs"
recipe=(--data glyphs --loss arcface:s=16,m=0.2 --batch 16 --quiet --threads 1)
expect_exit 2 "own.net: the network's embedding has 6 numbers, not 9" \
    "$tammes" train "${recipe[@]}" --net own.net --dim 9 --epochs 2 --out refused
expect_exit 3 "cycle.net, line 8" "$tammes" train "${recipe[@]}" --net cycle.net --epochs 2 --out refused
[ ! -e refused ] || fail "a refused run left a folder"
"$tammes" train "${recipe[@]}" --net own.net --epochs 2 --out short >/dev/null || fail "train"
grep -q '^net: "own.net"$' short/config.yaml || fail "config.yaml does not name the file"
grep -q '^dim: 6$' short/config.yaml || fail "config.yaml has not the file's width"
# The example learns: the loss of its last step is below that of its first.
"$tammes" train "${recipe[@]}" --net "$TAMMES_SOURCE/examples/squeeze.net" --epochs 12 --log-every 1 --out example \
    >/dev/null || fail "train examples/squeeze.net"
grep -o '"loss":[0-9][0-9.e+-]*' example/log.jsonl | cut -d : -f 2 |
    awk 'NR == 1 { first = $1 } { last = $1 } END { exit !(last < first) }' || fail "examples/squeeze.net does not learn"

# Killed as soon as there is a checkpoint.
begin() { # RUN
    "$tammes" train "${recipe[@]}" --net own.net --epochs 2000 --checkpoint-seconds 1 --out "$1" >/dev/null &
    local process=$!
    for _ in $(seq 600); do
        [ -e "$1/last.safetensors" ] && break
        sleep 0.05
    done
    kill -9 $process 2>/dev/null
    wait $process 2>/dev/null
}
long=("${recipe[@]}" --epochs 2000 --checkpoint-seconds 1)
"$tammes" train "${long[@]}" --net own.net --out whole >/dev/null || fail "train"
begin gone
begin changed
mv own.net away
expect_exit 0 "" "$tammes" train "${long[@]}" --net own.net --out gone
same_files whole/last.safetensors gone/last.safetensors
expect_exit 3 "own.net: cannot open" "$tammes" train "${recipe[@]}" --net own.net --epochs 4 --out fresh
expect_exit 0 "" "$tammes" eval --model gone --data glyphs
expect_exit 0 "" "$tammes" report gone
expect_exit 0 "" "$tammes" train "${recipe[@]}" --net own.net --epochs 1 --init-from gone --out next
sed 's/first = conv(input, out=8,/first = conv(input, out=8, groups=1, init=small,/' away >own.net
expect_exit 2 "its layer 2 is 'first = conv.*put the old file back, take it away" \
    "$tammes" train "${long[@]}" --net own.net --out changed
{ echo "# only a remark more"; cat away; } >own.net
expect_exit 0 "" "$tammes" train "${long[@]}" --net own.net --out changed
same_files whole/last.safetensors changed/last.safetensors
finish
