import { gzipSync } from 'node:zlib'

/** A file of an archive. */
export interface ArchivedFile {
  /** Relative, with `/`, at most 100 characters of ASCII. */
  readonly path: string
  readonly content: string | Buffer
  readonly isExecutable?: boolean
}

const BLOCK = 512

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

/** @see {@link https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html | pax, ustar interchange format} */
function header({ path, isExecutable = false }: ArchivedFile, size: number, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  if (!/^[ -~]{1,100}$/.test(path)) throw new Error(`"${path}" can't be the name of a file in the archive`)
  const fields: readonly (readonly [offset: number, text: string])[] = [
    [0, path],
    [100, octal(isExecutable ? 0o755 : 0o644, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(size, 12)],
    [136, octal(seconds, 12)],
    // The checksum counts as blanks while it is computed.
    [148, ' '.repeat(8)],
    [156, '0'],
    [257, 'ustar\0'],
    [263, '00'],
    [265, 'root\0'],
    [297, 'root\0'],
  ]
  for (const [offset, text] of fields) block.write(text, offset, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Makes a gzipped tar archive. The same files and date give the same bytes. */
export function tarGzip(files: readonly ArchivedFile[], date: Date): Buffer {
  const seconds = Math.floor(date.getTime() / 1000)
  const blocks = files.flatMap((file) => {
    const content = Buffer.from(file.content)
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
    return [header(file, content.length, seconds), content, padding]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 6 })
}
