// What was dropped, pasted or chosen, as files: folders are walked through, and where the browser
// has handles they are kept for going on after a reload.
import type {Handle} from './handles'
import type {Source} from './upload'

export interface Chosen {
  sources: Source[]
  /** The one folder that it all comes from, or null. */
  folder: string | null
  /** A folder that could not be read. */
  unreadable: string | null
}

interface WithHandles {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>
}

interface WithPicker {
  showOpenFilePicker?: (options: {multiple: boolean}) => Promise<FileSystemFileHandle[]>
}

function plain(file: File): Source {
  const path = file.webkitRelativePath
  return {file, path: path.slice(0, Math.max(0, path.lastIndexOf('/'))), handle: null}
}

export function sourcesOfFiles(files: Iterable<File>): Chosen {
  const sources = [...files].map(plain)
  const roots = new Set(sources.map((source) => source.path.split('/')[0] ?? ''))
  const [root] = roots
  return {sources, folder: roots.size === 1 && root ? root : null, unreadable: null}
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

function someOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject))
}

/** readEntries gives a hundred at a time, and nothing when there are no more. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const entries: FileSystemEntry[] = []
  for (;;) {
    const some = await someOf(reader)
    if (some.length === 0) return entries
    entries.push(...some)
  }
}

async function walk(entry: FileSystemEntry, path: string, chosen: Chosen): Promise<void> {
  try {
    if (entry.isFile) {
      const file = await fileOf(entry as FileSystemFileEntry)
      chosen.sources.push({file, path, handle: null})
      return
    }
    const below = path === '' ? entry.name : `${path}/${entry.name}`
    for (const inner of await entriesOf(entry as FileSystemDirectoryEntry))
      await walk(inner, below, chosen)
  } catch {
    chosen.unreadable = entry.name
  }
}

interface Dropped {
  entry: FileSystemEntry | null
  file: File | null
  handle: Promise<FileSystemHandle | null> | null
}

/** The items of a drop are there only until the event is over: all are taken at once. */
function take(items: DataTransferItemList): Dropped[] {
  return [...items]
    .filter((item) => item.kind === 'file')
    .map((item) => ({
      entry: item.webkitGetAsEntry(),
      file: item.getAsFile(),
      handle: (item as WithHandles).getAsFileSystemHandle?.() ?? null,
    }))
}

async function handleOf(dropped: Dropped): Promise<Handle | null> {
  try {
    const handle = await dropped.handle
    return handle?.kind === 'file' ? (handle as Handle) : null
  } catch {
    return null
  }
}

export async function sourcesOfDrop(items: DataTransferItemList): Promise<Chosen> {
  const chosen: Chosen = {sources: [], folder: null, unreadable: null}
  const all = take(items)
  for (const dropped of all) {
    if (dropped.entry?.isDirectory) await walk(dropped.entry, '', chosen)
    else if (dropped.file)
      chosen.sources.push({file: dropped.file, path: '', handle: await handleOf(dropped)})
  }
  const [only] = all
  if (all.length === 1 && only?.entry?.isDirectory) chosen.folder = only.entry.name
  return chosen
}

export function hasPicker(): boolean {
  return typeof (window as WithPicker).showOpenFilePicker === 'function'
}

/** The browser's own dialog, with handles; null when it was closed or there is none. */
export async function pickFiles(): Promise<Chosen | null> {
  try {
    const handles = await (window as WithPicker).showOpenFilePicker?.({multiple: true})
    if (!handles) return null
    const sources = await Promise.all(
      handles.map(async (handle) => ({file: await handle.getFile(), path: '', handle})),
    )
    return {sources, folder: null, unreadable: null}
  } catch {
    return null
  }
}
