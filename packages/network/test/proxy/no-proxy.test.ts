import { test } from 'tap'
import { parseNoProxy } from '../../src/proxy/no-proxy.ts'
import { readProxySettings } from '../../src/proxy/proxy.ts'

const STS = 'sts.eu-west-1.amazonaws.com'

void test('each form of a NO_PROXY entry', async (t) => {
  const cases: readonly (readonly [value: string, host: string, port: number, directly: boolean])[] = [
    ['', STS, 443, false],
    ['*', STS, 443, true],
    ['other.example,*', STS, 443, true],
    [STS, STS, 443, true],
    [STS.toUpperCase(), STS, 443, true],
    [STS, `${STS}.`, 443, true],
    ['amazonaws.com', STS, 443, true],
    ['.amazonaws.com', STS, 443, true],
    ['*.amazonaws.com', STS, 443, true],
    ['.amazonaws.com', 'amazonaws.com', 443, false],
    ['amazonaws.com', 'amazonaws.com', 443, true],
    ['amazonaws.com', 'evil-amazonaws.com', 443, false],
    ['azonaws.com', STS, 443, false],
    ['sts', STS, 443, false],
    ['a.example, .amazonaws.com ,b.example', STS, 443, true],
    ['a.example .amazonaws.com', STS, 443, true],
    [`${STS}:443`, STS, 443, true],
    [`${STS}:8443`, STS, 443, false],
    ['*:443', STS, 443, true],
    ['*:80', STS, 443, false],
    ['10.0.0.1', '10.0.0.1', 443, true],
    ['10.0.0.1', '10.0.0.10', 443, false],
    ['10.0.0.0/8', '10.200.3.4', 443, true],
    ['10.0.0.0/8', '11.0.0.1', 443, false],
    ['10.0.0.0/8', 'ten.example', 443, false],
    ['10.0.0.0/99', '10.0.0.1', 443, false],
    ['fd00::/8', '[fd00::1]', 443, true],
    ['fd00::1', '[fd00::1]', 443, true],
    ['[fd00::1]:443', '[fd00::1]', 443, true],
    ['[fd00::1]:8443', '[fd00::1]', 443, false],
    ['fd00::/8', '[fe80::1]', 443, false],
    ['0.0.0.1', '1.0.0.0.1', 443, false],
    ['', 'localhost', 443, true],
    ['', '127.0.0.53', 443, true],
    ['', '[::1]', 443, true],
    ['/,:,,:443,[]', STS, 443, false],
  ]
  for (const [value, host, port, directly] of cases) {
    t.equal(parseNoProxy(value)(host, port), directly, `NO_PROXY=${value} ${host}:${port}`)
  }
})

void test('the proxy for an origin', async (t) => {
  const https = new URL(`https://${STS}`)
  const http = new URL('http://endpoint.example:8080')
  const cases: readonly (readonly [environment: Record<string, string>, origin: URL, proxy: string | undefined])[] = [
    [{}, https, undefined],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, https, 'http://proxy:3128'],
    [{ https_proxy: 'http://proxy:3128' }, https, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' }, https, 'http://upper'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://lower' }, https, 'http://lower'],
    [{ HTTPS_PROXY: 'proxy:3128' }, https, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'https://proxy' }, https, 'https://proxy'],
    [{ HTTP_PROXY: 'http://proxy' }, https, undefined],
    [{ HTTPS_PROXY: 'http://proxy' }, http, undefined],
    [{ HTTP_PROXY: 'http://proxy' }, http, 'http://proxy'],
    [{ http_proxy: 'http://proxy' }, http, 'http://proxy'],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: '.amazonaws.com' }, https, undefined],
    [{ HTTPS_PROXY: 'http://proxy', no_proxy: '.amazonaws.com:443' }, https, undefined],
    [{ HTTP_PROXY: 'http://proxy', NO_PROXY: 'endpoint.example:80' }, http, 'http://proxy'],
  ]
  for (const [environment, origin, proxy] of cases) {
    t.equal(readProxySettings(environment)(origin), proxy, JSON.stringify(environment))
  }
})

void test('an invalid proxy is rejected without showing its password', async (t) => {
  for (const value of ['http://', 'ftp://user:hunter2@proxy', 'http://user:hunter2@proxy:99999']) {
    t.throws(() => readProxySettings({ HTTPS_PROXY: value }), {
      code: 'invalid_proxy',
      message: /^(?!.*hunter2).*HTTPS_PROXY/,
    })
  }
})
