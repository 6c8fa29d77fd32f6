import { join } from 'node:path'

export function pairPaths(folder: string): { certificatePath: string; keyPath: string } {
  return { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') }
}
