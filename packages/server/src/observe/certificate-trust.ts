/** Whether kube-apiserver trusts a certificate that was loaded while the server runs. */
export interface CertificateTrust {
  /**
   * Must be called after another pair was loaded.
   *
   * @param fault Why kube-apiserver refuses the new certificate; null if it does not, or if that is not known.
   * @param openClients The clients whose connections have the certificate before.
   */
  readonly replaced: (fault: string | null, openClients: ReadonlySet<string>) => void
  /** Must be called for each token. A client that sends one over a new connection trusts the certificate. */
  readonly asked: (client: string) => void
  /** The reason why kube-apiserver refuses the certificate; null if it does not. */
  readonly fault: () => string | null
}

export function createCertificateTrust(): CertificateTrust {
  let current: string | null = null
  let before: ReadonlySet<string> = new Set()
  return {
    replaced: (fault, openClients) => {
      current = fault
      before = openClients
    },
    asked: (client) => {
      if (current !== null && !before.has(client)) current = null
    },
    fault: () => current,
  }
}
