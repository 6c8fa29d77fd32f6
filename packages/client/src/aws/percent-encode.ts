/** Percent-encodes all but the unreserved characters of RFC 3986 section 2.3. Stricter than encodeURIComponent. */
export function percentEncode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  })
}
