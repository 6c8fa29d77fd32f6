import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Returns the reason to skip a test that needs these programs, by their packages in Debian. */
export function missingPrograms(packages: Readonly<Record<string, string>>): string | false {
  const missing = Object.entries(packages)
    .filter(([program]) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
    .map(([, name]) => name)
  return missing.length > 0 && `needs ${[...new Set(missing)].join(', ')}: apt-get install ${missing.join(' ')}`
}

/** The reason to skip tests that build the image. */
export const cannotBuild: string | false =
  missingPrograms({ buildah: 'buildah', 'apt-get': 'apt', 'dpkg-deb': 'dpkg' }) ||
  (!existsSync('/usr/share/keyrings/debian-archive-keyring.gpg') &&
    "needs Debian's keys: apt-get install debian-archive-keyring")

/** The reason to skip tests that start the image. */
export const cannotStart: string | false =
  cannotBuild ||
  (process.getuid?.() === 0
    ? missingPrograms({ unshare: 'util-linux', setpriv: 'util-linux' })
    : 'only root can start the command in a root folder')
