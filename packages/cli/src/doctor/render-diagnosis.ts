import type { Style } from '../terminal/style.ts'
import { wrap, wrapBeside } from '../terminal/wrap.ts'
import type { Colour, Line } from '../terminal/writer.ts'
import type { Check, CheckState } from './check.ts'
import type { Diagnosis } from './diagnose.ts'

const NAME_WIDTH = 13
const STATE_WIDTH = 9
const WIDTH = 80

const COLOURS: Readonly<Record<CheckState, Colour>> = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' }

function renderCheck({ name, state, found }: Check, style: Style): Line[] {
  const { first, rest } = wrapBeside(found, NAME_WIDTH + STATE_WIDTH, style.width ?? WIDTH)
  const word = state === 'failed' ? 'FAILED' : state
  return [
    [style.paint(name.padEnd(NAME_WIDTH), 'bold'), style.paint(word.padEnd(STATE_WIDTH), COLOURS[state]), first],
    ...rest,
  ]
}

/** The lines for a ticket: without colours and without secrets. */
function ticket({ version, platform, time, checks }: Diagnosis, { width }: Style): string[] {
  const shown = checks.filter(({ state }) => state !== 'skipped')
  const lines = [
    `aws-iam-authenticator ${version}, ${platform}, ${time}`,
    ...shown.map(({ name, state, found }) => `${name}: ${state === 'ok' ? '' : `${state.toUpperCase()} `}${found}`),
  ]
  return lines.flatMap((line) => {
    const { first, rest } = wrapBeside(line, 4, width ?? Infinity)
    return [`  ${first}`].concat(rest)
  })
}

/** The verdict, then the warnings and the other failures. One cause can fail several checks. */
function renderVerdict({ verdict, checks, failedAt }: Diagnosis, { width, paint }: Style): Line[] {
  const columns = width ?? WIDTH
  const first = checks.find(({ name }) => name === failedAt)
  const others = checks.filter(
    (check) => (check.state === 'failed' || check.state === 'warning') && check.found !== first?.found,
  )
  return [
    ...wrap(verdict, columns).map((line) => [paint(line, failedAt === undefined ? 'green' : 'red', 'bold')]),
    ...others.flatMap(({ name, state, found }) => wrap(`also: ${name} ${state}: ${found}`, columns)),
  ]
}

/** Renders a diagnosis for people, the verdict first, 80 columns wide or as wide as the terminal. */
export function renderDiagnosis(diagnosis: Diagnosis, style: Style): readonly Line[] {
  const { checks } = diagnosis
  return [
    ...renderVerdict(diagnosis, style),
    '',
    ...checks.flatMap((check) => renderCheck(check, style)),
    '',
    'for a ticket (no secret in it):',
    ...ticket(diagnosis, style),
  ]
}
