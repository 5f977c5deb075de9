// Handles of files whose upload isn't done, by link, in IndexedDB: with one the page can open the
// file again after a reload. Only some browsers have them; everything here may answer "none".
const DATABASE = 'sluice'
const STORE = 'handles'

// Not in the types of every browser.
interface Permitted {
  queryPermission?: (mode: {mode: 'read'}) => Promise<PermissionState>
  requestPermission?: (mode: {mode: 'read'}) => Promise<PermissionState>
}

export type Handle = FileSystemFileHandle & Permitted

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'))
  })
}

async function inStore<Result>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result | undefined> {
  try {
    const opening = indexedDB.open(DATABASE, 1)
    opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE)
    const database = await settled(opening)
    try {
      return await settled(work(database.transaction(STORE, mode).objectStore(STORE)))
    } finally {
      database.close()
    }
  } catch {
    return undefined // private windows, full disks: the file must be chosen again then
  }
}

export async function keepHandle(link: string, handle: Handle): Promise<void> {
  await inStore('readwrite', (store) => store.put(handle, link))
}

export async function dropHandle(link: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(link))
}

export async function readHandle(link: string): Promise<Handle | null> {
  const handle: unknown = await inStore<unknown>('readonly', (store) => store.get(link))
  return (handle as Handle | undefined) ?? null
}

export async function isReadable(handle: Handle): Promise<boolean> {
  return !handle.queryPermission || (await handle.queryPermission({mode: 'read'})) === 'granted'
}

/** Asks the visitor; only in the course of a click. */
export async function askToRead(handle: Handle): Promise<boolean> {
  if (await isReadable(handle)) return true
  return (await handle.requestPermission?.({mode: 'read'})) === 'granted'
}
