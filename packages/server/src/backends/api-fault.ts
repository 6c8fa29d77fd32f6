/** How a resource of the API is followed. */
interface FollowedResource {
  /** The resource in a role: `configmaps in kube-system`. */
  readonly name: string
  /** The fix for status 404; undefined if the resource always exists. */
  readonly missing?: string
}

/**
 * Adds the fix to the error of a list or a watch.
 *
 * @param status The status of the API server's answer; undefined for other failures.
 */
export function describeApiFault(message: string, status: number | undefined, resource: FollowedResource): string {
  const { name, missing } = resource
  switch (status) {
    case undefined:
      return `${message}: check the API server, and the way to it (--kubeconfig, --master)`
    case 401:
      return `${message}: renew the token of the service account or of --kubeconfig`
    case 403:
      return `${message}: grant the service account list and watch on ${name}`
    case 404:
      return `${message}: ${missing ?? 'check --kubeconfig and --master'}`
    default:
      return `${message}: check the API server`
  }
}
