import { test } from 'tap'
import { readAnswer } from '../../src/sts/read-answer.ts'

const NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

void test('texts of an answer, by path', (t) => {
  const answer = `<?xml version="1.0" encoding="UTF-8"?>
<AssumeRoleResponse ${NAMESPACE}>
  <AssumeRoleResult>
    <Credentials>
      <SessionToken>a+/=</SessionToken>
      <Expiration>2026-01-01T00:00:00Z</Expiration>
    </Credentials>
    <PackedPolicySize/>
    <SourceIdentity></SourceIdentity>
  </AssumeRoleResult>
</AssumeRoleResponse>
`
  const result = 'AssumeRoleResponse/AssumeRoleResult'
  t.strictSame(
    readAnswer(answer),
    new Map([
      [`${result}/Credentials/SessionToken`, 'a+/='],
      [`${result}/Credentials/Expiration`, '2026-01-01T00:00:00Z'],
      [`${result}/PackedPolicySize`, ''],
      [`${result}/SourceIdentity`, ''],
    ]),
  )
  t.end()
})

function read(text: string): string | undefined {
  return readAnswer(`<a><b>${text}</b></a>`)?.get('a/b')
}

void test('escaped characters', (t) => {
  t.equal(read('&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x1F600;'), `<&>"'AB\u{1F600}`)
  t.equal(read('&amp;lt;'), '&lt;', 'once')
  for (const text of ['&#0;', '&#27;', '&#x1b;', '&#xd800;', '&#xffff;', '\u0000', '\u001b', '\ud800', '\ufffe']) {
    t.equal(read(text), undefined, JSON.stringify(text))
  }
  for (const text of ['&', '&a', '&nbsp;', '&#;', '&#x110000;', '&#1114112;', '&#xG;', 'a&b;', '&#99999999;']) {
    t.equal(read(text), undefined, text)
  }
  t.end()
})

void test('answers that do not come from STS', (t) => {
  const rows = [
    '',
    ' ',
    'text',
    '<a>',
    '</a>',
    '<a></b>',
    '<a><b></a></b>',
    '<a></a><a></a>',
    '<a/>text',
    'text<a/>',
    '<a>text<b/></a>',
    '<a><b/>text</a>',
    '<a><b>1</b><b>2</b></a>',
    '<a><b/><b>2</b></a>',
    '<a><b><c>1</c></b><b><c>2</c></b></a>',
    '<a></a/>',
    '<a b></a>',
    "<a b='c'></a>",
    '<a><!-- --></a>',
    '<a><![CDATA[b]]></a>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<a><?b?></a>',
    '<a:b/>',
    '<a>1</a',
    '<html><body>Sign in</body></html>\n<p>',
    '<a>'.repeat(17) + '</a>'.repeat(17),
    '{"Error":{}}',
  ]
  for (const row of rows) t.equal(readAnswer(row), undefined, row)
  t.ok(readAnswer('<a>'.repeat(16) + '</a>'.repeat(16)))
  t.end()
})

void test('any text round-trips, and no input throws', (t) => {
  const codes = [
    0x09,
    0x0a,
    0x0d,
    ...Array.from({ length: 0x2e0 }, (_, index) => index + 0x20),
    0x2028,
    0xfffd,
    0x1f600,
  ]
  const characters = codes.map((code) => String.fromCodePoint(code))
  const answered = readAnswer(`<a><b>${escaped(characters.join(''))}</b></a>`)
  t.equal(answered?.get('a/b'), characters.join(''))
  const parts = ['<a>', '</a>', '<b/>', '<', '>', '&', '&#6', ';', '/', ' ', '"', 'x', '<?xml ']
  const beginnings = ['']
  for (let length = 1; length <= 4; length += 1) {
    const longer = beginnings
      .filter((text) => text.length >= length - 1)
      .flatMap((text) => parts.map((part) => text + part))
    beginnings.push(...longer.slice(0, 5000))
  }
  for (const text of beginnings) {
    const read = readAnswer(text)
    if (read !== undefined) t.match(text, /^\s*<(a>|b\/>)/, text)
  }
  t.end()
})
