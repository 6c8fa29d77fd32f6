import { randomUUID } from 'node:crypto'
import type { AwsError } from './aws-error.ts'
import type { Answer, WireRequest } from './wire.ts'

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** The fields of a result, by name; a `Date` is ISO 8601 in XML and seconds since 1970 in JSON. */
export interface Fields {
  readonly [name: string]: string | number | Date | Fields
}

/** The parameters of a call: those of the query string, and of a posted form. */
export function parseParameters(request: WireRequest): URLSearchParams {
  const form = request.method === 'POST' ? request.body : ''
  return new URLSearchParams(`${request.query}&${form}`)
}

/**
 * A successful answer, as JSON if the client accepts it, else as XML.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function success(request: WireRequest, action: string, result: Fields): Answer {
  const requestId = randomUUID()
  const content = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } }
  return answer(request, requestId, 200, `${action}Response`, content, { [`${action}Response`]: content })
}

/**
 * A refusal, as JSON if the client accepts it, else as XML.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
export function failure(request: WireRequest, { code, message, status }: AwsError): Answer {
  const requestId = randomUUID()
  const type = status < 500 ? 'Sender' : 'Receiver'
  const content = { Error: { Type: type, Code: code, Message: message }, RequestId: requestId }
  return answer(request, requestId, status, 'ErrorResponse', content, content)
}

function answer(
  request: WireRequest,
  requestId: string,
  status: number,
  root: string,
  xml: Fields,
  json: Fields,
): Answer {
  const asJson = request.headers.get('accept')?.includes('application/json') ?? false
  return {
    status,
    headers: { 'content-type': asJson ? 'application/json' : 'text/xml', 'x-amzn-requestid': requestId },
    body: asJson ? JSON.stringify(toJson(json)) : `<${root} xmlns="${NAMESPACE}">${toXml(xml)}</${root}>\n`,
  }
}

type Json = string | number | { readonly [name: string]: Json }

function toJson(value: Fields[string]): Json {
  if (value instanceof Date) return value.getTime() / 1000
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
}

function toXml(value: Fields[string]): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'object') return escapeXml(String(value))
  return Object.entries(value)
    .map(([name, field]) => `<${name}>${toXml(field)}</${name}>`)
    .join('')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
