import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { escapeLine } from '@aws-iam-authenticator/core/log/control-characters'
import type { FileChange } from '@aws-iam-authenticator/kubernetes/kubeconfig/update/plan-update'
import { maskSecrets } from '@aws-iam-authenticator/kubernetes/kubeconfig/update/mask-secrets'

/** The changes of files as a unified diff. Secrets are masked, so that it can't be applied. */
export function renderDiff(changes: readonly FileChange[]): string {
  const patches = changes.map(({ path, before, after }) =>
    createTwoFilesPatch(
      before === undefined ? '/dev/null' : escapeLine(path),
      escapeLine(path),
      maskSecrets(before ?? ''),
      maskSecrets(after),
      undefined,
      undefined,
      { context: 3, headerOptions: FILE_HEADERS_ONLY },
    ),
  )
  return patches.join('')
}
