import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../build/bundle.ts'
import type { BundledPackage } from './bundled-packages.ts'

const LICENSE_FILE = /^(?:licen[cs]e|notice|copying|copyrightnotice)(?:\.(?:md|txt))?$/i

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** The licence text for a package that names its licence but does not contain the text. */
function standardText({ name, version, license }: BundledPackage): string {
  if (license === 'Apache-2.0') return readFileSync(join(ROOT, 'LICENSE'), 'utf8').trim()
  if (license === 'MIT') return `Copyright (c) the authors of ${name}\n\n${MIT}`
  throw new Error(
    `${name}@${version} has no text of its licence, ${license}: find it, and add it to scripts/release/third-party-notices.ts`,
  )
}

function licenseText(npm: BundledPackage): string {
  const files = readdirSync(join(ROOT, npm.folder)).filter((name) => LICENSE_FILE.test(name))
  if (files.length === 0) return standardText(npm)
  const texts = files.sort().map((name) => readFileSync(join(ROOT, npm.folder, name), 'utf8'))
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n')
}

/**
 * Builds the notices that the licences in the bundle require. Each text appears once, below the packages that have it.
 *
 * @throws {Error} A package has no licence text, and its licence has no standard text.
 */
export function thirdPartyNotices(packages: readonly BundledPackage[], bunVersion: string): string {
  const byText = new Map<string, string[]>()
  for (const npm of packages) {
    const text = licenseText(npm)
    byText.set(text, [...(byText.get(text) ?? []), `${npm.name} ${npm.version} (${npm.license})`])
  }
  const rule = '-'.repeat(80)
  const sections = [...byText].map(([text, names]) => `${rule}\n${names.join('\n')}\n${rule}\n\n${text}\n`)
  const introduction = `aws-iam-authenticator contains the software below, each under the licence that follows its name. Where there is a choice of
licences, it is used under the first.

The executables contain Bun ${bunVersion}, which is under the MIT licence, and is linked with JavaScriptCore, under the LGPL 2, and
other libraries. What they are, their licences, and how to link Bun with another JavaScriptCore:
https://github.com/oven-sh/bun/blob/bun-v${bunVersion}/LICENSE.md
`
  return [introduction, ...sections].join('\n')
}
