#!/usr/bin/env bash
# tammes eval and tammes report on a small model of glyphs, as a person would use them.
set -u
tammes=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

# expect CODE WORDS... COMMAND: the exit code, and words that the output must contain.
expect() {
    local code=$1 words=$2
    shift 2
    local out
    out=$("$@" 2>&1)
    local got=$?
    if [ $got -ne "$code" ] || ! grep -qF -- "$words" <<<"$out"; then
        printf 'FAILED: %s\n  exit %s, expected %s with: %s\n%s\n' "$*" "$got" "$code" "$words" "$out"
        failures=$((failures + 1))
    fi
}

expect 0 'seen' "$tammes" synth glyphs -o seen --ids 12 --per-id 6 --quiet
expect 0 'unseen' "$tammes" synth glyphs -o unseen --ids 8 --per-id 5 --first 500 --quiet
expect 0 'run' "$tammes" train --data seen --net conv4 --dim 2 --loss softmax --steps 12 --batch 24 --log-every 2 --out run --quiet

expect 0 '80 of one class, 700 of two' "$tammes" eval --model run --data unseen
expect 0 '0 of them seen in training' "$tammes" eval --model run --data unseen
expect 0 '12 of them seen in training' "$tammes" eval --model run --data seen
expect 0 '"impostor":700' "$tammes" eval --model run --data unseen --json
expect 0 'none of them fits better on' "$tammes" eval --model run --data unseen
expect 0 '95% intervals over people: 400 resamples of 8' "$tammes" eval --model run --data unseen
expect 0 '"bootstrap":{"resamples":50,"subjects":8' "$tammes" eval --model run --data unseen --bootstrap 50 --json
expect 0 '432 of one class, 4752 of two' "$tammes" eval --model run --data seen --gallery-data seen
expect 1 'insufficient data' "$tammes" eval --model run --data unseen --gallery-data seen
expect 0 '"rank":{"1":' "$tammes" eval --model run --data unseen --protocol identify --json
expect 0 'the other images of the same set' "$tammes" eval --model run --data unseen --protocol identify
expect 0 "the means of the gallery's classes" "$tammes" eval --model run --data seen --protocol identify --gallery-data seen
expect 0 'the class weights in the model' "$tammes" eval --model run --data seen --protocol identify --gallery weights
expect 0 'every image of the gallery: 72 rows' "$tammes" eval --model run --data seen --protocol identify --gallery all --gallery-data seen
expect 0 '40 probes are of classes that the gallery lacks' "$tammes" eval --model run --data unseen --protocol identify --gallery weights
expect 0 'error' "$tammes" eval --model run --data unseen --protocol fewshot --ways 5
expect 0 '"accuracy":' "$tammes" eval --model run --data seen --protocol classify --json
expect 3 'classes that the model was not trained on' "$tammes" eval --model run --data unseen --protocol classify
expect 3 'an episode needs 20 classes' "$tammes" eval --model run --data unseen --protocol fewshot
expect 2 'needs --pairs' "$tammes" eval --model run --data unseen --protocol folds
expect 2 'needs --gallery-data' "$tammes" eval --model run --data unseen --protocol identify --gallery means
expect 3 'nowhere' "$tammes" eval --model nowhere --data unseen
expect 0 'allpairs|identify' "$tammes" eval --help
expect 2 'protocol' "$tammes" eval --model run --data unseen --protocol x
expect 2 'model' "$tammes" eval --data unseen

printf 'path_a,path_b,same\n' >pairs.csv
for i in 0 1 2 3 4; do
    printf 'id000500/000.png,id00050%d/001.png,%d\n' $i $((i == 0)) >>pairs.csv
    printf 'id00050%d/000.png,id00050%d/002.png,1\n' $i $i >>pairs.csv
done
expect 0 'over 5 folds' "$tammes" eval --model run --data unseen --protocol folds --pairs pairs.csv --folds 5
expect 0 '"accuracy_std":' "$tammes" eval --model run --data unseen --protocol insightface --pairs pairs.csv --json
expect 0 'the standard error of the mean over 10 folds' "$tammes" eval --model run --data unseen --protocol lfw --pairs pairs.csv
expect 0 '"protocol":"facexzoo"' "$tammes" eval --model run --data unseen --protocol facexzoo --pairs pairs.csv --folds 2 --json
expect 0 'over 2 folds' "$tammes" eval --model run --data unseen --pairs pairs.csv --folds 2 --pca 2
expect 2 '3 components are outside [1, 2]' "$tammes" eval --model run --data unseen --pairs pairs.csv --pca 3
expect 2 'belongs to --protocol folds' "$tammes" eval --model run --data unseen --pairs pairs.csv --protocol lfw --pca 2

# Searches.
expect 0 '40 images, 0 more have no other' "$tammes" eval --model run --data unseen --protocol retrieval
expect 0 '"map_at_r":' "$tammes" eval --model run --data unseen --protocol retrieval --json
expect 1 'insufficient data' "$tammes" eval --model run --data unseen --protocol retrieval --gallery all --gallery-data seen
expect 1 '"mated":72,"nonmated":0' "$tammes" eval --model run --data seen --protocol openset --gallery-data seen --json
mkdir both && cp -r unseen/* both/ && cp -r seen/id00000[0-3] both/
expect 0 '40 mated, 24 not' "$tammes" eval --model run --data both --protocol openset --gallery-data unseen
expect 1 'no probe is enrolled' "$tammes" eval --model run --data unseen --protocol openset --gallery-data seen
expect 2 'needs --gallery-data' "$tammes" eval --model run --data unseen --protocol openset
expect 0 '160, each of two images of a class' "$tammes" eval --model run --data unseen --protocol distractors --distractors seen
expect 0 '"at_distractors":' "$tammes" eval --model run --data unseen --protocol distractors --distractors seen --json
expect 2 'needs --distractors' "$tammes" eval --model run --data unseen --protocol distractors
expect 0 'by k-means, for 8 classes' "$tammes" eval --model run --data unseen --protocol cluster
expect 0 '"clustering":"threshold"' "$tammes" eval --model run --data unseen --protocol cluster --threshold 0.99 --json
expect 2 '41 clusters of 40 rows' "$tammes" eval --model run --data unseen --protocol cluster --clusters 41
expect 0 '"ratio_to_limit":' "$tammes" bench eval --rows 400 --dim 16 --rounds 1 --json
printf 'id000500/000.png,id000999/000.png,1\n' >wrong.csv
expect 3 "names 'id000999/000.png'" "$tammes" eval --model run --data unseen --protocol folds --pairs wrong.csv

# Pages. A file that is there stays; names of classes and files cannot write HTML; the same bytes every time.
mkdir -p hostile && cp -r unseen/id00050[1-7] hostile/ && cp -r unseen/id000500 'hostile/<b onclick="x">&'
expect 0 'the page is page1.html' "$tammes" eval --model run --data hostile --report page1.html
expect 0 'Worst pairs' cat page1.html
expect 0 '&lt;b onclick=&quot;x&quot;&gt;&amp;/' cat page1.html
expect 1 '' grep -c '<b onclick' page1.html
expect 1 '' grep -c '<script\|https:' page1.html
expect 2 'page1.html: exists; nothing was written' "$tammes" eval --model run --data hostile --report page1.html
expect 0 'page2' "$tammes" eval --model run --data hostile --threads 1 --report page2.html
expect 0 '' cmp page1.html page2.html
expect 0 'page3' "$tammes" eval --model run --data unseen --pairs pairs.csv --folds 5 --json --report page3.html
expect 0 'accuracy over the folds' cat page3.html
expect 0 'page4' "$tammes" eval --model run --data unseen --protocol retrieval --report page4.html
expect 0 'Recall@K' cat page4.html
expect 0 'page5' "$tammes" eval --model run --data unseen --protocol identify --report page5.html
expect 0 'Identification' cat page5.html
expect 0 'page6' "$tammes" eval --model run --data both --protocol openset --gallery-data unseen --report page6.html
expect 0 'TPIR' cat page6.html
expect 0 'page8' "$tammes" eval --model run --model run --data unseen --report page8.html
expect 0 'Worst pairs: run' cat page8.html
expect 0 'page9' "$tammes" eval --model run --data unseen --gallery-data hostile --gallery all --report page9.html
expect 0 '/004.png</small>' cat page9.html
expect 0 'page0' "$tammes" eval --model run --data unseen --gallery-data hostile --gallery means --report page0.html
expect 0 'Scores</text>' cat page0.html
expect 0 'pageA' "$tammes" eval --model run --data unseen --protocol distractors --distractors seen --report pageA.html
expect 0 '72</td>' cat pageA.html
expect 2 'there is no page for --protocol fewshot' "$tammes" eval --model run --data unseen --protocol fewshot --report page7.html
expect 3 'id000999' "$tammes" eval --model run --data unseen --pairs wrong.csv --report page7.html
expect 1 '' test -e page7.html

# Images that are not square: their own size is the model's, and no other is read in its place.
for c in a b c; do
    mkdir -p "wide/$c"
    for i in 1 2 3 4; do
        { printf 'P5\n40 16\n255\n'; printf '%s' "$c$i"{000..300} | head -c 640; } >"wide/$c/$i.pgm"
    done
done
printf 'a/1.pgm,a/2.pgm,1\na/1.pgm,b/1.pgm,0\nb/3.pgm,b/2.pgm,1\nc/1.pgm,b/1.pgm,0\n' >wide.csv
expect 0 'wrun' "$tammes" train --data wide --dim 2 --loss softmax --net conv4:width=16 --steps 4 --batch 6 --out wrun --quiet
expect 0 'over 2 folds' "$tammes" eval --model wrun --data wide --protocol folds --pairs wide.csv --folds 2
expect 0 '18 of one class' "$tammes" eval --model wrun --data wide
expect 2 'the images are 28 x 28' "$tammes" eval --model wrun --data wide --size 28 --protocol folds --pairs wide.csv
expect 0 'wide.html: 1 run' "$tammes" report wrun -o wide.html

expect 0 'page.html: 1 run' "$tammes" report run --val unseen -o page.html
expect 0 'Features in the plane' cat page.html
expect 0 'Verification' cat page.html
expect 3 'log.jsonl' "$tammes" report nowhere -o other.html
expect 1 '' test -e other.html
mv seen moved
expect 0 'run' "$tammes" report run -o page.html
expect 0 'No scatter of run: seen' cat page.html

[ $failures -eq 0 ] && echo "eval and report: all as expected"
exit $((failures > 0))
