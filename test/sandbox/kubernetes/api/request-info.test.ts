import t from 'tap'
import { parseRequest } from './request-info.ts'
import { ApiFailure } from './status.ts'

function parse(method: string, target: string): ReturnType<typeof parseRequest> {
  const { pathname, searchParams } = new URL(target, 'https://api')
  return parseRequest(method, pathname, searchParams)
}

function reasonOf(method: string, target: string): string | undefined {
  try {
    parse(method, target)
    return undefined
  } catch (error) {
    return error instanceof ApiFailure ? error.status.reason : 'thrown'
  }
}

const base = '/api/v1/namespaces/kube-system/configmaps'
const crd = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings'

await t.test('verbs', async (test) => {
  test.match(parse('GET', base), { verb: 'list', namespace: 'kube-system', name: undefined })
  test.match(parse('GET', `${base}/aws-auth`), { verb: 'get', name: 'aws-auth' })
  test.match(parse('GET', `${base}?watch=true&fieldSelector=metadata.name%3Daws-auth`), {
    verb: 'watch',
    name: 'aws-auth',
  })
  test.match(parse('GET', `${base}?watch=1`), { verb: 'watch', name: undefined })
  test.match(parse('POST', base), { verb: 'create' })
  test.match(parse('PUT', `${base}/a`), { verb: 'update' })
  test.match(parse('PATCH', `${crd}/a/status`), {
    verb: 'patch',
    subresource: 'status',
    name: 'a',
    namespace: undefined,
  })
  test.match(parse('GET', '/api/v1/configmaps'), { verb: 'list', namespace: undefined })
})

await t.test('invalid paths', async (test) => {
  const paths = ['/', '/api/v1', '/api/v1/pods', '/api/v1/configmaps/a', `${base}/a/status`, `${crd}/a/scale`]
  for (const path of [...paths, `${base}/`, '/api/v1/namespaces/x/iamidentitymappings', '/apis/v1/configmaps']) {
    test.equal(parse('GET', path), undefined, path)
  }
})

await t.test('refused', async (test) => {
  test.equal(reasonOf('DELETE', base), 'MethodNotAllowed')
  test.equal(reasonOf('POST', `${base}/a`), 'MethodNotAllowed')
  test.equal(reasonOf('HEAD', base), 'MethodNotAllowed')
  test.equal(reasonOf('GET', `${base}?fieldSelector=data.x%3D1`), 'BadRequest')
  test.equal(reasonOf('GET', `${base}/%zz`), 'BadRequest')
  test.equal(reasonOf('GET', `${base}?labelSelector=a%3Db`), 'BadRequest')
})
