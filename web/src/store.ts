// The links made in this browser, with the keys that may change them: a list in localStorage.
// Other tabs write it too, so that every change reads it anew.
const LIST = 'sluice.uploads'

export interface OwnLink {
  link: string
  key: string
  name: string
  size: number
  type: string
  /** Milliseconds since 1970. */
  created: number
  /** Of an upload that isn't done: where its bytes go, and by what its file is known again. */
  address?: string
  modified?: number
  /** Of a collection: how many files. */
  files?: number
}

function isRecord(value: unknown): value is OwnLink {
  if (typeof value !== 'object' || value === null) return false
  const {link, key, name, size, created} = value as {[name: string]: unknown}
  return (
    typeof link === 'string' &&
    /^[A-Za-z0-9_-]{22}$/.test(link) &&
    typeof key === 'string' &&
    /^[\w-]+$/.test(key) &&
    typeof name === 'string' &&
    typeof size === 'number' &&
    typeof created === 'number'
  )
}

/** An address of another server must never get our bytes, whatever an imported list says. */
function sound(record: OwnLink): OwnLink {
  const {link, key, name, size, created, address, modified, files} = record
  // What a file says may be of any type.
  const type: unknown = record.type
  const kept: OwnLink = {link, key, name, size, created, type: typeof type === 'string' ? type : ''}
  if (typeof address === 'string' && new URL(address, location.href).origin === location.origin)
    kept.address = address
  if (typeof modified === 'number') kept.modified = modified
  if (typeof files === 'number') kept.files = files
  return kept
}

function parse(text: string | null): OwnLink[] | null {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter(isRecord).map(sound) : null
  } catch {
    return null
  }
}

function load(): OwnLink[] {
  try {
    return parse(localStorage.getItem(LIST)) ?? []
  } catch {
    return []
  }
}

function write(records: readonly OwnLink[]): void {
  try {
    localStorage.setItem(LIST, JSON.stringify(records))
  } catch {
    // A full or forbidden store: the links hold for this visit then.
  }
}

// Thousands of files dropped together change the list thousands of times; it is written a few
// times a second, and before the page goes.
const WRITE_MS = 200
type Change = (records: Map<string, OwnLink>) => unknown
let changes: Change[] = []
let timer = 0

function later(change: Change): void {
  changes.push(change)
  if (timer === 0) timer = window.setTimeout(flush, WRITE_MS)
}

function flush(): void {
  clearTimeout(timer)
  timer = 0
  if (changes.length === 0) return
  const records = new Map(load().map((record) => [record.link, record]))
  for (const change of changes) change(records)
  changes = []
  write([...records.values()].sort((one, other) => other.created - one.created))
}

addEventListener('pagehide', flush)

/** All of them, the newest first. */
export function readRecords(): OwnLink[] {
  flush()
  return load()
}

/** Adds a record, or takes the place of the one with the same link. */
export function keepRecord(record: OwnLink): void {
  later((records) => records.set(record.link, record))
}

export function changeRecord(link: string, change: Partial<OwnLink>): void {
  later((records) => {
    const record = records.get(link)
    if (record) records.set(link, {...record, ...change})
  })
}

export function dropRecord(link: string): void {
  later((records) => records.delete(link))
}

export function exportRecords(): Blob {
  return new Blob([JSON.stringify(readRecords(), null, 1)], {type: 'application/json'})
}

/** Adds what an exported file lists and is not here yet; how many, or null when it isn't one. */
export async function importRecords(file: Blob): Promise<number | null> {
  const records = parse(await file.text())
  if (!records) return null
  const here = readRecords()
  const links = new Set(here.map((record) => record.link))
  const added = records.filter((record) => !links.has(record.link))
  write([...here, ...added].sort((one, other) => other.created - one.created))
  return added.length
}

/** Calls back when another tab has changed the list, until the returned function is called. */
export function onRecordsChanged(changed: () => void): () => void {
  const hear = (event: StorageEvent): void => {
    if (event.key === LIST) changed()
  }
  addEventListener('storage', hear)
  return () => removeEventListener('storage', hear)
}
