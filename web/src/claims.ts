// Which tab an unfinished upload belongs to. A tab holds a lock for each of its uploads until it is
// closed, so that a second tab, which finds the same list, doesn't send the same bytes as well.
const held = new Set<string>()

/** Takes an upload for this tab; false when another tab has it. Where locks are missing (plain
 * HTTP) there are no file handles either, so nothing goes on without the visitor. */
export async function claim(link: string): Promise<boolean> {
  if (held.has(link)) return true
  // Not there outside of secure contexts, whatever the types say.
  const locks = navigator.locks as LockManager | undefined
  if (!locks) return true
  return new Promise((resolve) => {
    void locks.request(`sluice ${link}`, {ifAvailable: true}, (lock) => {
      resolve(lock !== null)
      if (!lock) return
      held.add(link)
      return new Promise<never>(() => undefined) // until the tab goes
    })
  })
}
