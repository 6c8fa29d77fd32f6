import { HttpRequest } from '@smithy/core/protocols'
import type { fromTemporaryCredentials } from '@aws-sdk/credential-providers'

type ClientPlugin = NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['clientPlugins']>[number]

/** A plug-in for the SDK's clients that adds headers before a request is signed, so that they are signed too. */
export function requestHeaders(headers: Readonly<Record<string, string>>): ClientPlugin {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next) => async (step) => {
          if (HttpRequest.isInstance(step.request)) Object.assign(step.request.headers, headers)
          return next(step)
        },
        { step: 'build' },
      )
    },
  }
}
