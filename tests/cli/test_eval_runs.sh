#!/usr/bin/env bash
# tammes eval --protocol runs and edc: the figures of tests/oracle/runs_oracle.py, and folders of glyphs in the form of
# Omniglot's published runs.
set -u
tammes=$1
source "$(dirname "$0")/helpers.sh"
golden=$(cd "$(dirname "$0")/../golden/runs" && pwd)
cd "$scratch" || exit 1

# has WORDS FILE: numbers of ten digits, of which the program prints twelve.
has() {
    grep -qF -- "$1" "$2" || fail "no $1 in $(cut -c1-900 "$2")"
}
"$tammes" eval --protocol runs --data "$golden/x.npy" --runs "$golden" --json >runs.json || fail "runs: exit $?"
while read -r run questions choices error; do
    case $run in
    mean) has "\"fewshot_error\":${questions:0:10}" runs.json && has "\"standard_error\":${choices:0:10}" runs.json ;;
    edc-*) ;;
    *) has "{\"run\":\"$run\",\"questions\":$questions,\"choices\":$choices,\"error\":${error:0:10}" runs.json ;;
    esac
done <"$golden/expected.txt"
for quality in length quality listed; do
    options=
    [ $quality != length ] && options="--quality $golden/quality.txt"
    [ $quality = listed ] && options="$options --pairs $golden/pairs.csv"
    "$tammes" eval --protocol edc --data "$golden/x.npy" --far 0.02 $options --json >edc.json || fail "edc: exit $?"
    read -r _ genuine impostor achieved area fnmr0 fnmr5 fnmr20 fnmr50 < <(grep "^edc-$quality " "$golden/expected.txt")
    has "\"genuine\":$genuine,\"impostor\":$impostor,\"fmr\":0.02" edc.json
    has "\"achieved_fmr\":${achieved:0:10}" edc.json
    has "\"edc_area\":${area:0:10}" edc.json
    has "{\"discarded\":0.0,\"fnmr\":${fnmr0:0:10}" edc.json
    has "{\"discarded\":0.05,\"fnmr\":${fnmr5:0:10}" edc.json
    has "{\"discarded\":0.2,\"fnmr\":${fnmr20:0:10}" edc.json
    has "{\"discarded\":0.5,\"fnmr\":${fnmr50:0:10}" edc.json
    has '{"discarded":1.0,"fnmr":null}' edc.json
done
run="$tammes eval --protocol edc --data $golden/x.npy"
expect_exit 0 'the mean FNMR over the first 20%' $run --far 0.02
expect_exit 1 'fewer than 30000 pairs of two classes for FMR 0.0001' $run --far 0.0001
head -n 9 "$golden/quality.txt" >short.txt
expect_exit 3 'short.txt: 9 numbers for the quality of ' $run --quality short.txt
(cat "$golden/quality.txt" && echo '1.5') >long.txt
expect_exit 3 'more than ' $run --quality long.txt
sed '3s/.*/image nan/' "$golden/quality.txt" >nan.txt
expect_exit 3 'nan.txt' $run --quality nan.txt
sed '3s/.*/image/' "$golden/quality.txt" >word.txt
expect_exit 3 'word.txt:3' $run --quality word.txt
expect_exit 3 'for the quality of' $run --quality "$golden/x.npy"
expect_exit 3 'nowhere' $run --quality nowhere
cut -d' ' -f1 "$golden/x.paths.txt" | head -n 2 | paste -sd, | sed 's/$/,1/' >pairs.csv
expect_exit 1 'both kinds of pairs are needed' $run --pairs pairs.csv
cut -d' ' -f1 "$golden/x.paths.txt" | sed -n '1p;3p' | paste -sd, | sed 's/$/,0/' >>pairs.csv
expect_exit 1 '1 of one class, 1 of two' $run --pairs pairs.csv
expect_exit 1 'fewer than 3 pairs of two classes' $run --pairs pairs.csv --far 1
expect_exit 1 '"sufficient":false' $run --pairs pairs.csv --far 0.5 --json

# Images.
"$tammes" synth glyphs -o seen --ids 6 --per-id 4 --quiet >/dev/null || fail "synth"
"$tammes" synth glyphs -o made --ids 4 --per-id 2 --first 40 --quiet >/dev/null || fail "synth"
"$tammes" train --data seen --net conv4 --dim 2 --loss softmax --steps 4 --batch 8 --out run --quiet >/dev/null 2>&1 || fail "train"
for number in 01 02; do
    mkdir -p runs/run$number/training runs/run$number/test
    row=0
    for folder in made/*; do
        row=$((row + 1))
        cp "$folder/000.png" runs/run$number/training/class0$row.png
        cp "$folder/000.png" runs/run$number/test/item0$row.png
        echo "run$number/test/item0$row.png run$number/training/class0$row.png" >>runs/run$number/class_labels.txt
    done
done
run="$tammes eval --model run --data runs --protocol runs"
expect_exit 0 'error      0.00% +- 0.00%' $run # each question is its answer's own image
cp made/id000041/000.png runs/run02/test/item01.png
expect_exit 0 '"questions":8,"fewshot_error":0.125,"standard_error":0.125' $run --json
expect_exit 0 'run02  4 questions, 4 choices  25.00%' $run
expect_exit 0 'error      25.00%$' "$tammes" eval --model run --data runs/run02 --protocol runs
rm runs/run01/test/item03.png runs/run02/training/class0[12].png
expect_exit 3 "name 3 images that the data lack: 'run01/test/item03.png', 'run02/training/class01.png'" $run
rm -r runs/run02
cp made/id000042/000.png runs/run01/test/item03.png
expect_exit 0 'error      0.00%$' $run
sed -n 1p runs/run01/class_labels.txt >>runs/run01/class_labels.txt
expect_exit 3 'class_labels.txt:5: a question that was asked before' $run
echo 'run01/test/item01.png' >runs/run01/class_labels.txt
expect_exit 3 'class_labels.txt:1: not ' $run
echo 'run01/test/item01.png run01/training/class01.png' >runs/run01/class_labels.txt
expect_exit 3 '1 different answers: nothing to choose from' $run
: >runs/run01/class_labels.txt
expect_exit 3 '0 different answers' $run
rm runs/run01/class_labels.txt
expect_exit 3 'no list class_labels.txt' $run
finish
