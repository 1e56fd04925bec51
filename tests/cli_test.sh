#!/bin/bash
# Drives the installed `reprise` as a user does who gets things wrong: one clear sentence, the documented exit status.
# usage: cli_test.sh PATH_OF_REPRISE [TRACE]      TRACE: any intact trace, for what needs one
set -u
reprise=$1
trace=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "FAIL: $1"
  sed 's/^/    /' "$work/out" "$work/err"
  failures=$((failures + 1))
}

# expect STATUS 'text of the message (or of the output)' ARGUMENTS...
expect() {
  local status=$1 text=$2
  shift 2
  "$reprise" "$@" >"$work/out" 2>"$work/err" </dev/null
  local got=$?
  [ $got -eq "$status" ] || fail "reprise $*: exit status $got, not $status"
  cat "$work/out" "$work/err" | grep -qF -- "$text" || fail "reprise $*: says nothing of '$text'"
  # An error is one line on stderr and nothing on stdout.
  if [ "$status" -ge 2 ]; then
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "reprise $*: not one line on stderr"
    [ ! -s "$work/out" ] || fail "reprise $*: an error, and yet output"
  fi
}

# Help and version.
expect 0 'Vulkan registry' --version
for verb in '' capture replay dump info; do
  expect 0 'Example:' $verb --help
  grep -q 'Exit status' "$work/out" || fail "reprise $verb --help: no exit status"
done

# The manual page and the completion have every option of every --help; groff has no complaint, bash completes.
"$reprise" manual >"$work/page" || fail 'manual'
"$reprise" manual bash >"$work/completion" || fail 'manual bash'
groff -man -ww -Tutf8 "$work/page" >"$work/shown" 2>"$work/err" || fail 'manual: groff cannot format it'
[ ! -s "$work/err" ] || fail 'manual: groff complains'
verbs=$("$reprise" --help | sed -n '/^Subcommands:/,/^$/p' | awk 'NR > 1 && NF {print $1}')
[ "$(echo "$verbs" | wc -w)" -ge 11 ] || fail 'manual: the verbs of --help were not found'
completed() {
  bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reprise; echo ${COMPREPLY[*]}' - "$work/completion" "$@"
}
for verb in '' $verbs; do
  for option in $("$reprise" $verb --help | grep -oE '^ +(-[a-z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
    sed 's/\\-/-/g' "$work/page" | grep -qF -- "$option" || fail "manual: nothing of $option"
    case " $(completed reprise $verb "$option") " in
      *" $option "*) ;;
      *) [ "$option" = --version ] && [ -n "$verb" ] || fail "manual bash: $verb $option is not completed" ;;
    esac
  done
done
[ "$(completed reprise du)" = dump ] || fail 'manual bash: no verb'
[ "$(completed reprise dump --format js)" = json ] || fail 'manual bash: no value'
[ "$(completed reprise manual b)" = bash ] || fail 'manual bash: no argument'

# Wrong arguments: what is valid is named.
expect 2 'capture, replay, dump, info'
expect 2 'capture, replay, dump, info' play
expect 2 'capture, replay, dump, info' ''
expect 2 '--help' --nonsense
expect 2 'CMD' capture
expect 2 'CMD' capture -o "$work/x.vkr"
expect 2 'CMD' capture --
expect 2 '--output' capture --nonsense true
expect 2 'assisted' capture --memory nonsense true
expect 2 'FILE' replay
expect 2 'FILE' dump
expect 2 'FILE' info
expect 2 'text,json' dump --format xml "$work/x.vkr"
expect 2 'text,json' info --format xml "$work/x.vkr"
expect 2 'auto,headless,xcb' replay --wsi wayland "$work/x.vkr"
expect 2 'run,skip' replay --unfinished maybe "$work/x.vkr"
expect 2 '--frames' dump --frmes 1 "$work/x.vkr"
for range in 8-3 -1 a 1-b 1-2-3 4294967296; do
  expect 2 'such as 3-8' dump --frames=$range "$work/x.vkr"
done

# Files that are no traces.
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR' >"$work/picture.png"
head -c 100000 /dev/zero >>"$work/picture.png"
: >"$work/empty.vkr"
mkdir "$work/folder.vkr"
for verb in replay dump info; do
  expect 3 'picture.png' $verb "$work/picture.png"
  expect 3 'empty.vkr' $verb "$work/empty.vkr"
  expect 3 'absent.vkr' $verb "$work/absent.vkr"
  expect 3 'folder.vkr' $verb "$work/folder.vkr"
done

# Capture: the program's own exit status, its options left alone, and what cannot be started or written.
expect 4 'no-such-program' capture -o "$work/x.vkr" no-such-program
expect 3 'absent/x.vkr' capture -o "$work/absent/x.vkr" true
"$reprise" capture -o "$work/x.vkr" sh -c 'exit 7' >"$work/out" 2>"$work/err"
[ $? -eq 7 ] || fail 'capture: the exit status is not the program'"'"'s'
"$reprise" capture -o "$work/x.vkr" -- sh -c 'kill -9 $$' >"$work/out" 2>"$work/err"
[ $? -eq 137 ] || fail 'capture: a killed program is not 128 + 9'
"$reprise" capture -o "$work/x.vkr" echo --help -o --format -- x >"$work/out" 2>"$work/err"
grep -qxF -- '--help -o --format -- x' "$work/out" || fail 'capture: took arguments of the program for its own'

if [ -n "$trace" ]; then
  expect 0 'complete' info "$trace"
  expect 0 '"frames":' info --format json "$trace"
  python3 -m json.tool "$work/out" >"$work/tidy" || fail 'info: not JSON'
  expect 0 'vkCreateInstance(' dump "$trace"
  cp "$work/out" "$work/full"
  "$reprise" dump "$trace" -o "$work/file" || fail 'dump -o'
  cmp -s "$work/full" "$work/file" || fail 'dump -o: another text than on standard output'
  expect 0 '"command":"vkCreateInstance"' dump --format json "$trace"
  python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$work/out" || fail 'dump: not JSON'
  expect 0 'vkCreateDevice(' dump --command 'vkCreateDev*' "$trace"
  ! grep -qE '^[0-9]+ t[0-9]+ vkCreateInstance' "$work/out" || fail 'dump --command: printed what does not match'
  expect 2 'beyond the trace' dump --frames 4000000 "$trace"
  expect 3 'cannot write' dump "$trace" -o "$work/absent/dump.txt"
  "$reprise" dump "$trace" 2>"$work/err" | head -c 100 >"$work/out"
  [ "${PIPESTATUS[0]}" -eq 0 ] || [ "${PIPESTATUS[0]}" -eq 141 ] || fail 'dump | head: an error'
  [ ! -s "$work/err" ] || fail 'dump | head: talks of the broken pipe'
  "$reprise" dump "$trace" >/dev/full 2>"$work/err"
  [ $? -eq 3 ] || fail 'dump to a full disk: not exit status 3'
  head -c 100 "$trace" >"$work/cut.vkr"
  for verb in replay dump info; do expect 3 'cut.vkr' $verb "$work/cut.vkr"; done
  VK_ICD_FILENAMES=/nonexistent VK_DRIVER_FILES=/nonexistent expect 4 '' replay "$trace"
  expect 4 'no-such-gpu' replay --gpu no-such-gpu "$trace"
fi

[ $failures -eq 0 ] && echo "cli: all as documented"
exit $((failures > 0))
