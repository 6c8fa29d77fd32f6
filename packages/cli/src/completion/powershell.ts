import { COMPLETE } from './complete.ts'

/** Gets completions from the installed command, to fit every release. PowerShell offers files if there are none. */
export const POWERSHELL_SCRIPT: string = `# PowerShell completion for aws-iam-authenticator
Register-ArgumentCompleter -Native -CommandName aws-iam-authenticator -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @()
  $typed = ''
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    if ($element.Extent.EndOffset -lt $cursorPosition) { $words += "$element" }
    elseif ($element.Extent.StartOffset -lt $cursorPosition) {
      $text = "$element"
      $typed = $text.Substring(0, [Math]::Min($text.Length, $cursorPosition - $element.Extent.StartOffset))
    }
  }
  foreach ($line in @(& aws-iam-authenticator ${COMPLETE} @words ":$typed" 2>$null)) {
    $candidate, $description = $line -split "\`t", 2
    if ($candidate -eq '') { return }
    if (-not $description) { $description = $candidate }
    $text = $candidate
    if ($text -match '[^A-Za-z0-9_@%+=:,./-]') {
      $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($text) + "'"
    }
    [System.Management.Automation.CompletionResult]::new($text, $candidate, 'ParameterValue', $description)
  }
}
`
