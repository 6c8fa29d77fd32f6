import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import forge from 'node-forge'
import type { Host } from './host.ts'

const { asn1 } = forge
const { Class, Type } = asn1
type Node = forge.asn1.Asn1

/** The content of a self-signed certificate. */
interface CertificateContent {
  readonly commonName: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly altNames: readonly Host[]
  /** The certified key, which also signs. */
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

// Bits of KeyUsage from the left (RFC 5280 section 4.2.1.3).
const DIGITAL_SIGNATURE = 0x80
const KEY_ENCIPHERMENT = 0x20
const KEY_CERT_SIGN = 0x04
// Context tags. forge has only the names of the universal types with the same numbers.
const VERSION = Type.NONE
const EXTENSIONS = Type.BITSTRING
// Tags 2 and 7 of GeneralName (RFC 5280 section 4.2.1.6).
const DNS_NAME = Type.INTEGER
const IP_ADDRESS = Type.ODESC
const FIRST_GENERALIZED_YEAR = 2050

function primitive(type: forge.asn1.Type, value: string): Node {
  return asn1.create(Class.UNIVERSAL, type, false, value)
}

function sequence(...children: Node[]): Node {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, children)
}

function oid(dotted: string): Node {
  return primitive(Type.OID, asn1.oidToDer(dotted).getBytes())
}

function explicit(tag: forge.asn1.Type, child: Node): Node {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [child])
}

/** UTCTime up to 2049, GeneralizedTime after that: RFC 5280 section 4.1.2.5. */
function time(date: Date): Node {
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date))
}

function name(commonName: string): Node {
  const attribute = sequence(oid('2.5.4.3'), primitive(Type.UTF8, forge.util.encodeUtf8(commonName)))
  return sequence(asn1.create(Class.UNIVERSAL, Type.SET, true, [attribute]))
}

function extension(id: string, isCritical: boolean, value: Node): Node {
  const critical = isCritical ? [primitive(Type.BOOLEAN, '\u00ff')] : []
  return sequence(oid(id), ...critical, primitive(Type.OCTETSTRING, asn1.toDer(value).getBytes()))
}

/** A BIT STRING without trailing zero bits, as DER requires. */
function bits(octet: number): Node {
  const unused = 31 - Math.clz32(octet & -octet)
  return primitive(Type.BITSTRING, String.fromCodePoint(unused, octet))
}

/** The octets of an IP address in the canonical form of `parseHost`. */
function octets({ type, value }: Host): number[] {
  if (type === 'ipv4') return value.split('.').map(Number)
  const [head = [], tail = []] = value.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const word = Number.parseInt(group, 16)
    return [word >> 8, word & 0xff]
  })
}

function generalName(host: Host): Node {
  const isName = host.type === 'dns'
  const content = isName ? host.value : String.fromCodePoint(...octets(host))
  return asn1.create(Class.CONTEXT_SPECIFIC, isName ? DNS_NAME : IP_ADDRESS, false, content)
}

/** The signature algorithm: sha256WithRSAEncryption (RFC 4055) or ecdsa-with-SHA256 (RFC 5758), which has no parameters. */
function signatureAlgorithm(isRsa: boolean): Node {
  return isRsa ? sequence(oid('1.2.840.113549.1.1.11'), primitive(Type.NULL, '')) : sequence(oid('1.2.840.10045.4.3.2'))
}

function extensions(isRsa: boolean, subjectPublicKey: string, altNames: readonly Host[]): Node {
  // An elliptic-curve key does not encrypt (RFC 8813 section 3).
  const usage = DIGITAL_SIGNATURE | KEY_CERT_SIGN | (isRsa ? KEY_ENCIPHERMENT : 0)
  const identifier = createHash('sha1').update(subjectPublicKey, 'binary').digest('binary')
  return sequence(
    extension('2.5.29.19', true, sequence(primitive(Type.BOOLEAN, '\u00ff'))),
    extension('2.5.29.15', true, bits(usage)),
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.14', false, primitive(Type.OCTETSTRING, identifier)),
    extension('2.5.29.17', false, sequence(...altNames.map(generalName))),
  )
}

/** The key bits of a SubjectPublicKeyInfo, from which its identifier is computed (RFC 5280 section 4.2.1.2, method 1). */
function keyBits(spki: Node): string {
  const key = Array.isArray(spki.value) ? spki.value[1] : undefined
  if (typeof key?.value === 'string') return key.value.slice(1)
  return Array.isArray(key?.value) ? key.value.map((part) => asn1.toDer(part).getBytes()).join('') : ''
}

/** Signs a self-signed CA certificate for a TLS server (RFC 5280). Returns PEM. */
export function signCertificate(content: CertificateContent): string {
  const { commonName, notBefore, notAfter, altNames, publicKey, privateKey } = content
  const isRsa = publicKey.asymmetricKeyType === 'rsa'
  const algorithm = signatureAlgorithm(isRsa)
  const spki = asn1.fromDer(publicKey.export({ type: 'spki', format: 'der' }).toString('binary'))
  // The leading 01 keeps the number positive and its length fixed.
  const serialNumber = `\u0001${randomBytes(16).toString('binary')}`
  const tbs = sequence(
    explicit(VERSION, primitive(Type.INTEGER, '\u0002')),
    primitive(Type.INTEGER, serialNumber),
    algorithm,
    name(commonName),
    sequence(time(notBefore), time(notAfter)),
    name(commonName),
    spki,
    explicit(EXTENSIONS, extensions(isRsa, keyBits(spki), altNames)),
  )
  const signature = sign('sha256', Buffer.from(asn1.toDer(tbs).getBytes(), 'binary'), privateKey)
  const signed = sequence(tbs, algorithm, primitive(Type.BITSTRING, `\u0000${signature.toString('binary')}`))
  return forge.pem.encode({ type: 'CERTIFICATE', body: asn1.toDer(signed).getBytes() }).replaceAll('\r\n', '\n')
}
