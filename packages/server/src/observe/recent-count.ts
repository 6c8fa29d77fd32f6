/** The window of recent counts, in minutes. */
export const RECENT_MINUTES = 5

const MINUTE_MS = 60_000

/** Counts events of the last five minutes. */
interface RecentCount {
  readonly add: () => void
  readonly total: () => number
}

/** Counts in a ring with one slot for each minute: the current minute and the four before it. */
export function createRecentCount(now: () => Date): RecentCount {
  const slots = Array.from({ length: RECENT_MINUTES }, () => ({ minute: -1, count: 0 }))
  const currentMinute = (): number => Math.floor(now().getTime() / MINUTE_MS)
  return {
    add: () => {
      const minute = currentMinute()
      const slot = slots[minute % RECENT_MINUTES]
      if (slot === undefined) return
      if (slot.minute !== minute) Object.assign(slot, { minute, count: 0 })
      slot.count += 1
    },
    total: () => {
      const minute = currentMinute()
      const isRecent = (slot: { readonly minute: number }): boolean =>
        slot.minute > minute - RECENT_MINUTES && slot.minute <= minute
      return slots.filter(isRecent).reduce((sum, { count }) => sum + count, 0)
    },
  }
}
