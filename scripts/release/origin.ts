import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../build/bundle.ts'

/** The description in packages and manifests. Krew and Homebrew allow about 50 and 80 characters. */
export const SUMMARY = 'Log in to Kubernetes with an AWS identity'

/** The publisher of a release. */
export interface Origin {
  /** `https://github.com/OWNER/NAME` */
  readonly repository: string
  readonly owner: string
}

/**
 * Reads the publisher from the root `package.json`.
 *
 * @throws {Error} `repository` is missing or not on GitHub.
 */
export function readOrigin(): Origin {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const repository =
    typeof manifest === 'object' && manifest !== null && 'repository' in manifest ? manifest.repository : undefined
  const [, owner] = /^https:\/\/github\.com\/([\w-]+)\/[\w.-]+$/.exec(String(repository)) ?? []
  if (typeof repository !== 'string' || owner === undefined) {
    throw new Error(`package.json: repository is "${String(repository)}": write https://github.com/OWNER/NAME`)
  }
  return { repository, owner }
}
