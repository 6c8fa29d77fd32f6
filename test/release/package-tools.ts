import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nfpm } from '../../scripts/release/nfpm.ts'

/** nfpm, or undefined where Go can't build it. */
export const NFPM: string | undefined = ((): string | undefined => {
  try {
    return nfpm()
  } catch {
    return undefined
  }
})()

/** The reason to skip tests that need packages. */
export const noPackages: string | false = NFPM === undefined ? 'packages need go 1.24 or newer on PATH' : false

/** Returns the reason to skip a test that needs a program, which is named as its package in Debian. */
export function missing(program: string, versionFlag = '--version'): string | false {
  return spawnSync(program, [versionFlag]).error === undefined ? false : `install ${program}`
}

/** The reason to skip tests that install into a folder by the program of a distribution. */
export const notRoot: string | false =
  process.getuid?.() === 0 ? false : 'dpkg, rpm and pacman change the owner of files as root only'

/** The processor that a package is for: this machine's, or another one. */
export type Processor = 'own' | 'aarch64'

/** Installs with dpkg into an empty folder. Dependencies are not there. */
export function installDeb(file: string, root: string, processor: Processor = 'own'): void {
  for (const folder of ['info', 'updates']) mkdirSync(join(root, 'var/lib/dpkg', folder), { recursive: true })
  for (const name of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', name), '')
  const flags = ['--force-depends', ...(processor === 'own' ? [] : ['--force-architecture'])]
  execFileSync('dpkg', [`--root=${root}`, ...flags, '--install', file], { stdio: 'pipe' })
}

/** Installs with rpm into an empty folder. Dependencies are not there. */
export function installRpm(file: string, root: string, processor: Processor = 'own'): void {
  const flags = ['--nodeps', ...(processor === 'own' ? [] : ['--ignorearch'])]
  execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', ...flags, '--install', file], { stdio: 'pipe' })
}

/** Runs pacman on a folder, with a configuration of its own. */
export function pacman(root: string, args: readonly string[], processor: Processor = 'own'): string {
  const [database, config] = [join(root, 'var/lib/pacman'), join(root, 'etc/pacman.conf')]
  for (const folder of [database, join(root, 'etc'), join(root, 'cache'), join(root, 'hooks')]) {
    mkdirSync(folder, { recursive: true })
  }
  const architecture = processor === 'own' ? 'auto' : processor
  writeFileSync(config, `[options]\nArchitecture = ${architecture}\nSigLevel = Never\n`)
  const paths = ['--root', root, '--dbpath', database, '--config', config, '--logfile', join(root, 'pacman.log')]
  const folders = ['--cachedir', join(root, 'cache'), '--hookdir', join(root, 'hooks')]
  return execFileSync('pacman', [...paths, ...folders, '--noconfirm', ...args], { encoding: 'utf8', stdio: 'pipe' })
}

/** Installs with pacman into an empty folder, as if glibc was there. */
export function installArch(file: string, root: string, processor: Processor = 'own'): void {
  pacman(root, ['--upgrade', '--assume-installed', 'glibc=2.36', file], processor)
}

// The part of Homebrew that the formula uses, for this Linux machine.
const HOMEBREW = `
require 'json'
require 'fileutils'
FORMULA, PREFIX, CPU = ARGV
class Target
  def initialize(path) = @path = File.join(PREFIX, path)
  def to_s = @path
  def install(*files)
    FileUtils.mkdir_p(@path)
    files.flatten.each { |file| FileUtils.cp(file, @path) }
    raise 'nothing to install' if files.flatten.empty?
  end
end
class Formula
  class << self
    attr_reader :check
    def fields = (@fields ||= {})
    def on_macos = nil
    def on_linux = yield
    def on_intel = (yield if CPU == 'x64')
    def on_arm = (yield if CPU == 'arm64')
    def test(&block) = @check = block
    %w[desc homepage version license url sha256].each do |name|
      define_method(name) { |value| fields[name] = value }
    end
  end
  {
    bin: 'bin', man1: 'share/man/man1', doc: 'share/doc', bash_completion: 'etc/bash_completion.d',
    fish_completion: 'share/fish/vendor_completions.d', zsh_completion: 'share/zsh/site-functions',
  }.each { |name, path| define_method(name) { Target.new(path) } }
  def version = self.class.fields['version']
  def shell_output(command) = \`#{command}\`
  def assert_match(text, output) = (raise "#{output} does not have #{text}" unless output.include?(text))
end
load FORMULA
formula = AwsIamAuthenticator.new
formula.install
formula.instance_eval(&AwsIamAuthenticator.check)
puts JSON.generate(AwsIamAuthenticator.fields)
`

/**
 * Installs a formula from an unpacked archive, and runs its test.
 *
 * @returns The fields of the formula for this machine.
 */
export function installFormula(formula: string, unpacked: string, prefix: string): unknown {
  const printed = execFileSync('ruby', ['-e', HOMEBREW, formula, prefix, process.arch], {
    cwd: unpacked,
    encoding: 'utf8',
  })
  const fields: unknown = JSON.parse(printed)
  return fields
}
