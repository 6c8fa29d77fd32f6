import { COMPLETE } from './complete.ts'

/** Gets completions from the installed command, so that the script works with every release. */
export const BASH_SCRIPT: string = `# bash completion for aws-iam-authenticator
_aws_iam_authenticator() {
  local line="\${COMP_LINE:0:COMP_POINT}" words typed replaced=0 separator word candidate
  read -r -a words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  typed="\${words[\${#words[@]}-1]}"
  # Where = and : break words, readline replaces only what follows the last one.
  for separator in = :; do
    word="\${typed##*"$separator"}"
    if [[ $COMP_WORDBREAKS == *$separator* ]] && ((\${#typed} - \${#word} > replaced)); then
      replaced=$((\${#typed} - \${#word}))
    fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == $'\\t'* ]]; then
      word="\${line#?}"
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do
        candidate="$word$candidate"
        COMPREPLY+=("\${candidate:replaced}")
      done < <(compgen -f -- "\${typed:\${#word}}")
    else
      candidate="\${line%%$'\\t'*}"
      candidate="\${candidate:replaced}"
      [[ $candidate == *[!A-Za-z0-9_@%+=:,./-]* ]] && printf -v candidate %q "$candidate"
      COMPREPLY+=("$candidate")
    fi
  done < <(aws-iam-authenticator ${COMPLETE} "\${words[@]:1:\${#words[@]}-2}" ":$typed" 2>/dev/null)
}
complete -F _aws_iam_authenticator aws-iam-authenticator
`
