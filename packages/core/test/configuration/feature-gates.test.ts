import { CLOSED_GATES, parseFeatureGates } from '../../src/configuration/feature-gates.ts'
import { test } from 'tap'

const OPEN = { ...CLOSED_GATES, ConfiguredInitDirectories: true, IAMIdentityMappingCRD: true, SSORoleMatch: true }

void test('gates are closed by default', async (t) => {
  t.same(parseFeatureGates([]), CLOSED_GATES)
  t.same(parseFeatureGates(['SSORoleMatch=true']), { ...CLOSED_GATES, SSORoleMatch: true })
  t.same(parseFeatureGates([' SSORoleMatch = True ', 'IAMIdentityMappingCRD=false']), {
    ...CLOSED_GATES,
    SSORoleMatch: true,
  })
  t.same(parseFeatureGates(['SSORoleMatch=true', 'SSORoleMatch=false']), CLOSED_GATES)
  t.same(Object.values(CLOSED_GATES), [false, false, false, false])
})

void test('a stage opens all its gates except those that are named, in any order', async (t) => {
  t.same(parseFeatureGates(['AllAlpha=true']), OPEN)
  t.same(parseFeatureGates(['AllAlpha=true', 'RolePathMatch=true']), { ...OPEN, RolePathMatch: true })
  t.same(parseFeatureGates(['AllBeta=true']), CLOSED_GATES)
  t.same(parseFeatureGates(['SSORoleMatch=false', 'AllAlpha=true']), { ...OPEN, SSORoleMatch: false })
  t.same(parseFeatureGates(['AllAlpha=true', 'AllAlpha=false']), CLOSED_GATES)
})

void test('an unknown gate or an invalid value is an error', async (t) => {
  for (const pair of [
    '',
    'SSORoleMatch',
    'SSORoleMatch=',
    'SSORoleMatch=yes',
    'ssoRoleMatch=true',
    'toString=true',
    '=true',
  ]) {
    t.throws(() => parseFeatureGates([pair]), TypeError, pair)
  }
  t.throws(() => parseFeatureGates(['SSORoleMatc=true']), { message: /SSORoleMatch/ })
})
