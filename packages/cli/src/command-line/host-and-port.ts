const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/
const NAME = /^[\w.-]+$/

// Loaded on demand: most runs of the command parse no address, and loading the module takes as long as signing a token.
function isIPv6(text: string): boolean {
  return process.getBuiltinModule('node:net').isIPv6(text)
}

/**
 * Parses `host:port`, `[IPv6]:port` or `:port`. The host of the last form is null and means every address.
 *
 * @throws {TypeError} The text has another form; the message says what to write.
 */
export function readHostAndPort(text: string): { readonly host: string | null; readonly port: number } {
  const [, inBrackets, bare, digits = ''] = HOST_AND_PORT.exec(text) ?? []
  const host = inBrackets ?? bare
  const port = Number(digits)
  const isHost = inBrackets === undefined ? bare === '' || NAME.test(bare ?? ':') : isIPv6(inBrackets)
  if (host === undefined || digits === '' || port > 65_535 || !isHost) {
    throw new TypeError(
      `"${text}" is not a host:port, such as 127.0.0.1:21363, [::1]:21363 or :21363 for every address`,
    )
  }
  return { host: host === '' ? null : host, port }
}
