// The build bundles pages of the documentation as texts.
declare module '*.md' {
  const text: string
  export default text
}
