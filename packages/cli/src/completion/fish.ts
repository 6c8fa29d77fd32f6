import { COMPLETE } from './complete.ts'

/** Gets completions from the installed command, so that the script works with every release. */
export const FISH_SCRIPT: string = `# fish completion for aws-iam-authenticator
function __aws_iam_authenticator_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l typed (commandline --current-token --cut-at-cursor)
    for line in (aws-iam-authenticator ${COMPLETE} $words[2..] ":$typed" 2>/dev/null)
        if string match --quiet --regex '^\\t' -- $line
            set -l prefix (string sub --start 2 -- $line)
            for file in (__fish_complete_path (string sub --start (math 1 + (string length -- "$prefix")) -- "$typed"))
                echo -- $prefix$file
            end
        else
            echo -- $line
        end
    end
end
complete --command aws-iam-authenticator --no-files --arguments '(__aws_iam_authenticator_complete)'
`
