// A module of its own, so that it can be loaded when its turn comes.
export { readTopLevelLine, setTopLevelLine } from '@aws-iam-authenticator/core/edit/top-level-line'
