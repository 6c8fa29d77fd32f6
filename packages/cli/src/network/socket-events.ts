import type { Socket } from 'node:net'

/** What a connection dies of that the other side ends, with the code that the kernel has for its doing so. */
function endedByOther(): Error {
  return Object.assign(new Error('the other side closed the connection'), { code: 'ECONNRESET' })
}

/** Waits for a socket that is being opened. Rejects where it dies before. */
export function whenOpen(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error): void => reject(error ?? endedByOther())
    const end = (): void => fail()
    socket.once('error', fail).once('end', end).once('close', end)
    socket.once(event, () => {
      socket.off('error', fail).off('end', end).off('close', end)
      resolve()
    })
  })
}

/**
 * Reads what comes until it makes a whole. Rejects where the socket dies before.
 *
 * @param parse Is given all that came so far, and whether nothing more will come; gives undefined where more has to come.
 */
export function whenRead<T>(socket: Socket, parse: (bytes: Buffer, isOver: boolean) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const settle = (action: () => void): void => {
      socket.off('data', take).off('error', fail).off('end', end).off('close', end)
      action()
    }
    const fail = (error: Error): void => settle(() => reject(error))
    const tryTo = (isOver: boolean): void => {
      try {
        const whole = parse(bytes, isOver)
        if (whole !== undefined) settle(() => resolve(whole))
        else if (isOver) fail(endedByOther())
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const take = (piece: Buffer): void => {
      bytes = Buffer.concat([bytes, piece])
      tryTo(false)
    }
    const end = (): void => tryTo(true)
    socket.on('data', take).once('error', fail).once('end', end).once('close', end)
  })
}
