// Does nothing: the cost of any program on the runtime.
export const nothing = undefined
