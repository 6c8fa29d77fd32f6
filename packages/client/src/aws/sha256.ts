import { Sha256 as JavaScriptSha256 } from '@aws-crypto/sha256-js'

type Data = string | ArrayBuffer | ArrayBufferView

/** SHA-256, or HMAC-SHA-256 with a key, in the interface of the SDK's signer. */
interface Sha256Hash {
  update(data: Data): void
  digest(): Promise<Uint8Array>
  digestSync(): Uint8Array
  reset(): void
}

interface BunHasher {
  update(data: Data): unknown
  digest(): Uint8Array
}

/** The runtime of the executable. */
declare const Bun: { readonly CryptoHasher: new (algorithm: 'sha256', key?: Data) => BunHasher } | undefined

/**
 * The hash of the executable's runtime. It needs no loading. The one in JavaScript takes 2 ms before it is compiled.
 */
function runtimeSha256(runtime: NonNullable<typeof Bun>): new (key?: Data) => Sha256Hash {
  return class implements Sha256Hash {
    readonly #key: Data | undefined
    #hasher: BunHasher

    constructor(key?: Data) {
      this.#key = key
      this.#hasher = new runtime.CryptoHasher('sha256', key)
    }

    update(data: Data): void {
      this.#hasher.update(data)
    }

    digestSync(): Uint8Array {
      return this.#hasher.digest()
    }

    digest(): Promise<Uint8Array> {
      return Promise.resolve(this.digestSync())
    }

    reset(): void {
      this.#hasher = new runtime.CryptoHasher('sha256', this.#key)
    }
  }
}

/** SHA-256 without a cryptography library, which takes longer to load than a token to sign. */
export const Sha256: new (key?: Data) => Sha256Hash = typeof Bun === 'undefined' ? JavaScriptSha256 : runtimeSha256(Bun)
