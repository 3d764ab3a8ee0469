# tammes loss as a person and as a script would call it.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"

expect_exit 0 "^  arcface  *s cos(theta_y + m)$" "$tammes" loss
expect_exit 0 "^  center  *lambda/2 |x - c_y|^2$" "$tammes" loss
expect_exit 0 "^  m=0.5  *\[0, 1.5\]  *margin on the angle" "$tammes" loss arcface
expect_exit 0 "^  beyond-pi=linear  *linear|none|easy|smooth  " "$tammes" loss arcface
expect_exit 0 "^  lambda=0.003  *\[0, 1000\]  " "$tammes" loss center
expect_exit 0 "^  triplet  *max(0, d_ap - d_an + m)$" "$tammes" loss
expect_exit 0 '{"losses":\[{"name":"softmax","kind":"class loss",' "$tammes" loss --json
expect_exit 0 '"name":"grad","default":"exact","about":"[^"]*","words":"exact|detached"}' "$tammes" loss arcface --json
expect_exit 0 '{"name":"m","default":"0.5","about":"[^"]*","range":\[0.0,1.5\]}' "$tammes" loss arcface --json
expect_exit 2 "did you mean 'arcface'" "$tammes" loss arcfase
expect_exit 2 "give the name of one" "$tammes" loss arcface:m=0.3
expect_exit 2 "unexpected argument 'softmax'" "$tammes" loss arcface softmax
finish
