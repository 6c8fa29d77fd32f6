import { COMPLETE } from './complete.ts'

/** Gets completions from the installed command, so that the script works with every release. */
export const BASH_SCRIPT: string = `# bash completion for aws-iam-authenticator
_aws_iam_authenticator() {
  local line="\${COMP_LINE:0:COMP_POINT}" words typed replaced=0 word description candidate
  read -r -a words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  typed="\${words[\${#words[@]}-1]}"
  # Where = breaks words, readline replaces only what follows it.
  if [[ $COMP_WORDBREAKS == *=* && $typed == *=* ]]; then
    word="\${typed##*=}"
    replaced=$((\${#typed} - \${#word}))
  fi
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
      COMPREPLY+=("\${candidate:replaced}")
    fi
  done < <(aws-iam-authenticator ${COMPLETE} "\${words[@]:1:\${#words[@]}-2}" ":$typed" 2>/dev/null)
}
complete -F _aws_iam_authenticator aws-iam-authenticator
`
