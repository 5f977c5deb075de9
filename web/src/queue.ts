// All uploads of this visit, in the batches in which they were dropped: a few files are sent at
// once, and a few wait with their links made already.
import {collect, deleteLink, isGone, readFacts} from './api'
import {claim} from './claims'
import {askToRead, type Handle, isReadable, readHandle} from './handles'
import {isOver} from './progress'
import {dropRecord, keepRecord, type OwnLink, readRecords} from './store'
import {type Source, type State, Upload} from './upload'

/** Browsers have six connections to a server by HTTP/1.1; the page itself needs some. */
const SENT_AT_ONCE = 4
const CREATED_AT_ONCE = 2
const RENDER_MS = 100
const TICK_MS = 1000
/** How many files one link may hold. */
export const COLLECTED_MOST = 256

export interface Collection {
  link: string
  key: string
  name: string
}

export class Batch {
  collection: Collection | null = null
  isCollecting = false
  problem: string | null = null

  constructor(
    readonly id: number,
    /** The folder that was dropped, or null. */
    readonly name: string | null,
    readonly isFromLastTime: boolean,
    public uploads: Upload[],
  ) {}
}

export interface Totals {
  all: number
  ready: number
  failed: number
  open: number
  running: number
  paused: number
  bytes: number
  sent: number
  rate: number
}

class Queue {
  batches: Batch[] = []
  private lastBatch = 0
  private isPumping = false
  private renderTimer = 0
  private readonly listeners = new Set<() => void>()
  private readonly states = new Map<Upload, State>()
  private stateListener: (upload: Upload) => void = () => undefined

  constructor() {
    addEventListener('online', () => this.each((upload) => upload.hurry()))
    addEventListener('offline', () => this.each((upload) => upload.loseNetwork()))
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.each((upload) => upload.hurry())
    })
    setInterval(() => this.tick(), TICK_MS)
  }

  get uploads(): Upload[] {
    return this.batches.flatMap((batch) => batch.uploads)
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Hears each upload whose state is another one. */
  onState(listener: (upload: Upload) => void): void {
    this.stateListener = listener
  }

  /** New files: those of interrupted uploads go on, the others become a batch. */
  add(sources: readonly Source[], name: string | null): void {
    const missing = this.uploads.filter((upload) => upload.state === 'missing')
    const fresh = sources.filter((source) => {
      const known = missing.find((upload) => upload.isOf(source.file))
      return !known?.reopen(source.file, source.handle)
    })
    if (fresh.length > 0) {
      const uploads = fresh.map((source) => new Upload(source, this.changed))
      this.batches.unshift(new Batch(++this.lastBatch, name, false, uploads))
    }
    this.pump()
    this.render()
  }

  /** What an earlier visit left unfinished. */
  async restore(): Promise<void> {
    const unfinished = readRecords().filter((record) => record.address !== undefined)
    const claimed: Upload[] = []
    for (const record of unfinished)
      if (await claim(record.link)) claimed.push(new Upload(record, this.changed))
    if (claimed.length === 0) return
    this.batches.push(new Batch(++this.lastBatch, null, true, claimed))
    this.render()
    await Promise.all(claimed.map((upload) => this.revive(upload)))
  }

  private async revive(upload: Upload): Promise<void> {
    if (!upload.link) return
    try {
      const facts = await readFacts(upload.link)
      if (facts.state === 'ready') upload.finish()
      else if (isOver(facts.state)) upload.vanish()
      else upload.learn(facts.stored)
    } catch (error) {
      if (isGone(error)) upload.vanish()
    }
    const handle = await readHandle(upload.link)
    if (!handle || upload.state !== 'missing') return
    if (await isReadable(handle)) await this.open(upload, handle)
    else upload.offerHandle(handle)
  }

  /** Opens the file again, after asking; only in the course of a click. */
  async reopen(upload: Upload): Promise<void> {
    const handle = upload.reopenHandle
    if (handle && (await askToRead(handle))) await this.open(upload, handle)
  }

  private async open(upload: Upload, handle: Handle): Promise<void> {
    try {
      upload.reopen(await handle.getFile(), handle)
    } catch {
      upload.touch() // moved or removed: the visitor may still choose it
    }
  }

  // ---- One link for many ----

  async collect(batch: Batch, name: string): Promise<void> {
    const members = batch.uploads.flatMap(({link, key, state}) =>
      link && key && state !== 'deleted' && state !== 'failed' ? [{link, key}] : [],
    )
    batch.isCollecting = true
    batch.problem = null
    this.render()
    try {
      const {link, key} = await collect(members, name)
      batch.collection = {link, key, name}
      const size = batch.uploads.reduce((sum, upload) => sum + upload.size, 0)
      const files = members.length
      keepRecord({link, key, name, size, type: '', created: Date.now(), files})
    } catch (error) {
      batch.problem = (error as Error).message
    }
    batch.isCollecting = false
    this.render()
  }

  async dropCollection(batch: Batch): Promise<void> {
    if (!batch.collection) return
    const {link, key} = batch.collection
    await deleteLink(link, key)
    dropRecord(link)
    batch.collection = null
    this.render()
  }

  // ---- All of them ----

  pauseAll(): void {
    this.each((upload) => {
      if (upload.isRunning || upload.state === 'queued') upload.pause()
    })
  }

  resumeAll(): void {
    this.each((upload) => {
      if (upload.state === 'paused') upload.resume()
    })
  }

  /** Takes a row off the screen; its link stays among my uploads. */
  hide(isHidden: (upload: Upload) => boolean): void {
    for (const batch of this.batches)
      batch.uploads = batch.uploads.filter((upload) => !isHidden(upload))
    this.batches = this.batches.filter((batch) => batch.uploads.length > 0 || batch.collection)
    this.render()
  }

  totals(): Totals {
    const totals: Totals = {
      all: 0,
      ready: 0,
      failed: 0,
      open: 0,
      running: 0,
      paused: 0,
      bytes: 0,
      sent: 0,
      rate: 0,
    }
    for (const upload of this.uploads) {
      if (upload.state === 'deleted') continue
      totals.all += 1
      totals.ready += upload.state === 'ready' ? 1 : 0
      totals.failed += upload.state === 'failed' ? 1 : 0
      totals.paused += upload.state === 'paused' ? 1 : 0
      totals.running += upload.isRunning || upload.state === 'queued' ? 1 : 0
      totals.open += upload.isOpen && upload.state !== 'failed' ? 1 : 0
      if (upload.state === 'failed') continue
      totals.bytes += upload.size
      totals.sent += upload.sent
      totals.rate += upload.state === 'sending' ? upload.meter.rate : 0
    }
    return totals
  }

  render(): void {
    if (this.renderTimer !== 0) return
    this.renderTimer = window.setTimeout(() => {
      this.renderTimer = 0
      for (const listener of this.listeners) listener()
    }, RENDER_MS)
  }

  private each(act: (upload: Upload) => void): void {
    this.uploads.forEach(act)
  }

  private tick(): void {
    this.each((upload) => upload.checkStall())
    this.pump()
  }

  private readonly changed = (upload: Upload): void => {
    if (this.states.get(upload) !== upload.state) {
      this.states.set(upload, upload.state)
      this.stateListener(upload)
    }
    this.pump()
    this.render()
  }

  /** Fills the free places. Once after many changes. */
  private pump(): void {
    if (this.isPumping) return
    this.isPumping = true
    queueMicrotask(() => {
      this.isPumping = false
      this.fill()
    })
  }

  private fill(): void {
    const uploads = this.uploads
    let running = uploads.filter((upload) => upload.isRunning).length
    let creating = uploads.filter((upload) => upload.isCreating).length
    for (const upload of uploads) {
      if (upload.state === 'queued' && !upload.isCreating && running < SENT_AT_ONCE) {
        running += 1
        upload.begin()
      } else if (upload.isCreatable && creating < CREATED_AT_ONCE) {
        creating += 1
        void upload.create()
      }
    }
  }
}

export const queue = new Queue()
export type {OwnLink}
