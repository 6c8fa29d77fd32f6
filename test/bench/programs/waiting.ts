// Waits and does nothing else: the memory of any program on the runtime.
setInterval(() => undefined, 2 ** 30)
process.stderr.write('listening\n')
