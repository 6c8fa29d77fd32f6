// Does nothing: what any program on the runtime costs.
export const nothing = undefined
