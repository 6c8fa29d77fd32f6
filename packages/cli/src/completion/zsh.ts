import { COMPLETE } from './complete.ts'

/** Gets completions from the installed command, so that the script works with every release. */
export const ZSH_SCRIPT: string = `#compdef aws-iam-authenticator
# zsh completion for aws-iam-authenticator
_aws-iam-authenticator() {
  local line
  local -a candidates
  for line in "\${(@f)$(aws-iam-authenticator ${COMPLETE} "\${(@Q)words[2,CURRENT-1]}" ":\${(Q)PREFIX}" 2>/dev/null)}"; do
    if [[ $line == $'\\t'* ]]; then
      [[ -n \${line#?} ]] && compset -P '*='
      _files
      return
    fi
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n $line ]]; then
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  _describe aws-iam-authenticator candidates
}
if [[ \${funcstack[1]} == _aws-iam-authenticator ]]; then
  _aws-iam-authenticator "$@"
else
  compdef _aws-iam-authenticator aws-iam-authenticator
fi
`
