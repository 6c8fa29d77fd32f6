import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'

/** A region, and the setting that it comes from. */
export interface NamedRegion {
  readonly name: string
  /** For messages, to follow "of": `AWS_REGION`. */
  readonly origin: string
}

/** The name that AWS gives to the endpoint `sts.amazonaws.com`. */
const GLOBAL = 'aws-global'

/** A hint with the published region that is most similar; empty if there is none. */
export function nearestRegion(name: string): string {
  return didYouMean(name, publishedRegions)
}

/** Says that AWS does not publish a region; undefined if it does. */
export function describeUnknownRegion({ name, origin }: NamedRegion): string | undefined {
  if (name === GLOBAL || publishedRegions.has(name)) return undefined
  return `region "${name}" of ${origin} is not one that AWS publishes${nearestRegion(name)}`
}

/** The name without its number, which is all that differs between a new region and its neighbours. */
function stem(name: string): string {
  return name.slice(0, name.lastIndexOf('-'))
}

/** True if a region is probably a spelling mistake, not one that is newer than this program. */
export function isMistyped({ name }: NamedRegion): boolean {
  if (name === GLOBAL || publishedRegions.has(name) || nearestRegion(name) === '') return false
  return ![...publishedRegions].some((region) => stem(region) === stem(name))
}
