// Defined by the build.
declare const BUILD_VERSION: string
declare const BUILD_COMMIT: string

/** The release; `dev` if the sources run without a build. */
export const VERSION: string = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : 'dev'

/** The commit of the build. */
export const COMMIT: string = typeof BUILD_COMMIT === 'string' ? BUILD_COMMIT : 'unknown'

/** The User-Agent header for AWS and Kubernetes. */
export const USER_AGENT: string = `aws-iam-authenticator/${VERSION}`
