// Waits, and does nothing else: what memory any program on the runtime has.
setInterval(() => undefined, 2 ** 30)
process.stderr.write('listening\n')
