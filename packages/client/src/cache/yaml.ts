// A module of its own, so that it is loaded only when needed.
export { readTopLevelLine, setTopLevelLine } from '@aws-iam-authenticator/core/edit/top-level-line'
