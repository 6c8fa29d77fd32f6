import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseBackendModeFile } from '@aws-iam-authenticator/core/mapping/backend-mode-file'
import { parseDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import { parseIdentityMapping } from '@aws-iam-authenticator/core/mapping/identity-mapping'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { runHelm } from '../deploy/chart.ts'
import { findObject, kustomize, MANIFESTS, parseObjects } from '../deploy/objects.ts'
import { documents, ROOT, type Block } from './documents.ts'
import { exampleEnvironment, startExampleAws, writeProfiles } from './person.ts'

const KUBEADM_KUBECONFIG = '/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml'

type Check = (t: Test, block: Block, value: unknown) => Promise<void> | void

async function checkConfiguration(t: Test, { text, place, language }: Block): Promise<void> {
  const folder = temporaryFolder(t)
  const config = `config.${language}`
  writeFileSync(join(folder, config), text)
  const environment = minimalEnvironment(folder)
  const { code, stderr } = await runCommand(['init', `--config=${config}`], { cwd: folder, environment })
  t.equal(code, 0, `${place}: ${stderr}`)
  t.notMatch(stderr, /level=(?:warning|error)/, place)
}

function checkAwsAuth(t: Test, { place }: Block, value: unknown): void {
  const data = property(value, 'data')
  const { roles, problems } = parseAwsAuth(isRecord(data) ? data : {}, EMPTY_AWS_AUTH, { sso: false })
  t.same(problems, [], place)
  t.not(roles.length, 0, place)
}

/** Checks that kubectl reads the kubeconfig and that its exec plugin returns a token in the requested version. */
async function checkKubeconfig(t: Test, { text, place }: Block, value: unknown): Promise<void> {
  const home = temporaryFolder(t)
  const path = join(home, 'kubeconfig')
  writeFileSync(path, text)
  for (const version of ['1.20', '1.35'] as const) {
    const program = binariesRunHere ? await kubectl(version) : 'kubectl'
    const args = ['config', 'view', '--raw', '--output=json', `--kubeconfig=${path}`]
    const { stdout } = await runBinary(program, args, { cwd: home, env: { HOME: home } })
    const seen: unknown = JSON.parse(stdout)
    t.match(property(seen, 'users'), property(value, 'users'), `${place}, kubectl ${version}`)
  }
  const [user]: unknown[] = [property(value, 'users')].flat()
  const exec = property(property(user, 'user'), 'exec')
  t.equal(textAt(exec, 'command'), 'aws-iam-authenticator')
  const aws = await startExampleAws(t)
  writeProfiles(home)
  const apiVersion = textAt(exec, 'apiVersion')
  const environment: Record<string, string> = {
    ...exampleEnvironment(home, aws),
    KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } }),
  }
  for (const variable of [property(exec, 'env')].flat()) {
    environment[textAt(variable, 'name') ?? ''] = textAt(variable, 'value') ?? ''
  }
  const { code, stdout, stderr } = await runCommand([property(exec, 'args')].flat().map(String), { environment })
  t.equal(code, 0, `${place}: ${stderr}`)
  t.match(JSON.parse(stdout), { kind: 'ExecCredential', apiVersion, status: { token: /^k8s-aws-v1\./ } })
}

/** Checks that kubectl renders the overlay with the image, the configuration and kubeadm's folder of the example. */
async function checkKustomization(t: Test, { text }: Block): Promise<void> {
  const folder = realpathSync(temporaryFolder(t))
  const config = readFileSync(join(MANIFESTS, 'overlays/file/config.yaml'), 'utf8')
  writeFileSync(join(folder, 'kustomization.yaml'), text.replaceAll('../deploy/manifests', relative(folder, MANIFESTS)))
  writeFileSync(join(folder, 'config.yaml'), config)
  const objects = parseObjects(await kustomize(folder))
  t.equal(textAt(findObject(objects, 'ConfigMap'), 'data', 'config.yaml'), config)
  const daemonSet = JSON.stringify(findObject(objects, 'DaemonSet'))
  t.match(daemonSet, '"210987654321.dkr.ecr.eu-central-1.amazonaws.com/aws-iam-authenticator:1.0.0"')
  t.match(daemonSet, `"path":"${dirname(KUBEADM_KUBECONFIG)}/"`)
  t.match(daemonSet, '--backend-mode=EKSConfigMap,MountedFile')
}

async function checkHelmValues(t: Test, { place }: Block, value: unknown): Promise<void> {
  if (!binariesRunHere) return
  const { code, stdout, stderr } = await runHelm(t, ['template', 'example'], isRecord(value) ? value : {})
  t.equal(code, 0, `${place}: ${stderr}`)
  t.match(stdout, `path: "${dirname(KUBEADM_KUBECONFIG)}/"`)
}

/** How an example is recognized, and its check. */
const KINDS: readonly (readonly [is: (value: unknown) => boolean, check: Check])[] = [
  // Values of the chart: before config.yaml, because they have a cluster id too.
  [(value) => property(value, 'outputPath') !== undefined, checkHelmValues],
  [(value) => property(value, 'clusterID') !== undefined, checkConfiguration],
  [(value) => textAt(value, 'metadata', 'name') === 'aws-auth', checkAwsAuth],
  [
    (value) => textAt(value, 'kind') === 'IAMIdentityMapping',
    (t, { place }, value) => {
      t.equal(textAt(value, 'apiVersion'), 'iamauthenticator.k8s.aws/v1alpha1', place)
      t.match(parseIdentityMapping(value, 'example'), { entry: { groups: ['system:masters'] }, warnings: [] }, place)
    },
  ],
  [(value) => textAt(value, 'kind') === 'Config', checkKubeconfig],
  [
    // pre-commit
    (value) => property(value, 'repos') !== undefined,
    (t, { place }, value) => {
      const hooks: unknown = parse(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8'))
      t.match(value, { repos: [{ hooks: [{ id: textAt([hooks].flat()[0], 'id') ?? '' }] }] }, place)
    },
  ],
  [
    // GitHub workflow: the inputs of the action.
    (value) => property(value, 'jobs') !== undefined,
    (t, { place }, value) => {
      t.match(value, { permissions: { contents: 'read' }, jobs: { lint: { 'runs-on': /^ubuntu/ } } }, place)
      const steps = [property(property(property(value, 'jobs'), 'lint'), 'steps')].flat()
      const given = property(steps.at(-1), 'with')
      const inputs = property(parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')), 'inputs')
      for (const name of Object.keys(given ?? {})) t.not(property(inputs, name), undefined, `${place}: ${name}`)
      for (const name of Object.keys(inputs ?? {})) {
        const isMissing = property(property(inputs, name), 'required') === true && property(given, name) === undefined
        t.notOk(isMissing, `${place}: ${name}`)
      }
    },
  ],
  [
    // The flag is that of kube-apiserver: test/apiserver starts it with a file that the command prints.
    (value) => /authentication-?config/i.test(JSON.stringify(value)),
    (t, _block, value) => {
      const paths: readonly string[] = JSON.stringify(value).match(/\/[\w/.-]+/g) ?? []
      t.ok(paths.some((path) => path.endsWith('/authentication-config.yaml')))
      const [mounted] = [property(property(value, 'apiServer'), 'extraVolumes')].flat()
      const folder = textAt(mounted, 'mountPath')
      t.ok(folder === undefined || paths.includes(`${folder}/authentication-config.yaml`), 'the folder is mounted')
    },
  ],
  [
    // Prometheus: test/monitoring scrapes a server with it.
    (value) => property(value, 'scrape_configs') !== undefined,
    () => undefined,
  ],
  [(value) => textAt(value, 'kind') === 'Kustomization', checkKustomization],
]

for (const { path, blocks } of documents) {
  const examples = blocks.filter(({ language }) => language === 'yaml')
  if (examples.length === 0) continue
  t.test(`YAML of ${path}`, async (t) => {
    for (const block of examples) {
      // test/apiserver and guides.test.ts check the other examples of the guides.
      if (path.startsWith('docs/guides/') && !/^kind: (?:Config|ConfigMap)$/m.test(block.text)) continue
      const value: unknown = parse(block.text)
      const [, check] = KINDS.find(([is]) => is(value)) ?? []
      if (check === undefined) t.fail(`${block.place} is of a kind that no check knows`)
      else await check(t, block, value)
    }
  })
}

t.test('TOML of the documents', async (t) => {
  const examples = documents.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'toml'))
  t.not(examples.length, 0)
  for (const block of examples) await checkConfiguration(t, block)
})

t.test('JSON of the documents', async (t) => {
  for (const { text, place, heading } of documents.flatMap(({ blocks }) => blocks)) {
    if (heading === 'Dynamic file') {
      for (const strict of [false, true]) {
        t.match(parseDynamicFile(text, place, strict), { file: { roles: [{}], version: '42' }, problems: [] }, place)
      }
    }
    if (heading !== 'Backends, changed live') continue
    t.match(
      parseBackendModeFile(text, place),
      { file: { modes: ['DynamicFile', 'EKSConfigMap'] }, problems: [] },
      place,
    )
  }
})
