# Flags, help, config files and exit codes of the frame.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"
cd "$scratch" || exit 1

expect_exit 2 "usage: tammes VERB" "$tammes"
expect_exit 0 "train  .*train an embedding" "$tammes" --help
expect_exit 0 "^tammes [0-9]*\.[0-9]*\.[0-9]*$" "$tammes" --version
expect_exit 2 "unknown verb 'trian' (did you mean 'train'?)" "$tammes" trian
expect_exit 2 "unknown verb 'zzzzzz'" "$tammes" zzzzzz
expect_exit 2 "bench net" "$tammes" bench
expect_exit 0 "bench net" "$tammes" bench --help
expect_exit 2 "unknown verb 'bench nett' (did you mean 'bench net'?)" "$tammes" bench nett

# Every verb explains itself, with an example.
"$tammes" --help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' >verbs
[ "$(wc -l <verbs)" -ge 3 ] || fail "tammes --help lists too few verbs"
while read -r verb; do
    # shellcheck disable=SC2086 # two words are two arguments
    expect_exit 0 "^example:$" "$tammes" $verb --help
done <verbs

expect_exit 2 "unknown flag '--epoch=3' (did you mean '--epochs'?)" "$tammes" train --epoch=3 --data a --out b
expect_exit 2 "unknown flag '--epo' (tammes train" "$tammes" train --epo 3 --data a --out b
expect_exit 2 "unknown flag '--js'" "$tammes" train --js --data a --out b
expect_exit 2 "unknown flag '-x'" "$tammes" train -x
expect_exit 2 "unexpected argument 'stray'" "$tammes" train --data a --out b stray
expect_exit 2 "\-\-data DIR is missing" "$tammes" train --out b
expect_exit 2 "\-\-batch needs a value" "$tammes" train --batch
for word in 0 -1 1.5 1e3 x '' 99999999999999999999 0x10 ' 8'; do
    expect_exit 2 "\-\-batch '$word' is" "$tammes" train --data a --out b --batch "$word"
done
for word in nan inf 1e999 1,5 x 0 -1; do
    expect_exit 2 "\-\-lr '$word' is" "$tammes" train --data a --out b --lr "$word"
done
expect_exit 2 "\-\-resume 'maybe' is none of auto|no" "$tammes" train --data a --out b --resume maybe
expect_exit 2 "takes no value" "$tammes" train --json=yes
expect_exit 3 "nowhere" "$tammes" train --data nowhere --out run
[ ! -e run ] || fail "a run directory was made for data that is missing"

printf 'data: nowhere\nout: run\nbatch: 8\n' >good.yaml
expect_exit 3 "nowhere" "$tammes" train --config good.yaml
expect_exit 3 "elsewhere" "$tammes" train --config good.yaml --data elsewhere
printf 'data: nowhere\n\nbatsch: 8\n' >unknown.yaml
expect_exit 2 "unknown.yaml:3: unknown key 'batsch' (did you mean 'batch'?)" "$tammes" train --config unknown.yaml
printf 'batch: 8\nlr: 1\nbatch: 8\n' >twice.yaml
expect_exit 2 "twice.yaml:3: batch is given twice" "$tammes" train --config twice.yaml
printf '# a remark\nbatch: 0\n' >range.yaml
expect_exit 2 "range.yaml:2: batch: '0' is outside its range" "$tammes" train --config range.yaml
printf 'batch: [8]\n' >list.yaml
expect_exit 2 "list.yaml:1: batch is not a single value" "$tammes" train --config list.yaml
printf -- '- 8\n' >sequence.yaml
expect_exit 2 "sequence.yaml:1: not a list of" "$tammes" train --config sequence.yaml
printf 'batch: 8\n---\nlr: 3\n' >two.yaml
expect_exit 2 "two.yaml:.*a second document" "$tammes" train --config two.yaml
printf 'batch: "8\n' >syntax.yaml
expect_exit 2 "syntax.yaml:.*not YAML" "$tammes" train --config syntax.yaml
printf 'quiet: perhaps\n' >switch.yaml
expect_exit 2 "switch.yaml:1: quiet: 'perhaps' is neither" "$tammes" train --config switch.yaml
printf 'config: other.yaml\n' >nested.yaml
expect_exit 2 "nested.yaml:1: unknown key 'config'" "$tammes" train --config nested.yaml
expect_exit 3 "absent.yaml: cannot open" "$tammes" train --config absent.yaml

# Results that cannot be written are not silently lost.
"$tammes" net >/dev/full 2>errors
[ $? -eq 4 ] || fail "a full disk behind stdout is not exit code 4"
grep -q "cannot write the results" errors || fail "a full disk behind stdout is not explained"
"$tammes" net >&- 2>errors
[ $? -eq 4 ] || fail "a closed stdout is not exit code 4"
finish
