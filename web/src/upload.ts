// One file on its way, as a state machine:
//
//   queued → sending → ready      the queue begins it, bytes go, the server has all of them
//   sending → offline → sending   something passing: tried again by itself
//   sending → failed → queued     the server said no: one Retry
//   any → paused → queued         by the visitor
//   missing → queued              from an earlier visit: the file has to be opened again
//   any → deleted                 by the visitor, or on the server
//
// `sent` are bytes that left this browser, `stored` those that the server says are on its disk.
import {deleteLink} from './api'
import {claim} from './claims'
import {type Created, createUpload} from './creation'
import {dropHandle, type Handle, keepHandle} from './handles'
import {Meter} from './meter'
import {watch} from './progress'
import {isPassing, type Reason, reasonOf} from './reasons'
import {send, SMALL_BYTES} from './sender'
import {changeRecord, dropRecord, keepRecord, type OwnLink} from './store'

export type State =
  'queued' | 'sending' | 'paused' | 'offline' | 'failed' | 'missing' | 'ready' | 'deleted'

/** Files above this are watched: smaller ones are there before a watcher is. */
const WATCHED_BYTES = 4 * 1024 * 1024
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 15_000
/** A connection that moves nothing for so long is given up: the next one takes over at once. */
const STALL_MS = 45_000

export interface Source {
  file: File
  /** Where it stood in a dropped folder; only shown. */
  path: string
  handle: Handle | null
}

let lastId = 0

export class Upload {
  readonly id = ++lastId
  state: State = 'queued'
  reason: Reason | null = null
  sent = 0
  stored = 0
  link: string | null = null
  key: string | null = null
  address: string | null = null
  name: string
  readonly size: number
  readonly type: string
  readonly path: string
  /** What was told of the link when its options were last changed. */
  expires: string | null = null
  downloadsMax: number | null = null
  /** Grows with each change; a row is drawn anew when it did. */
  version = 0
  readonly meter = new Meter()
  private file: File | null
  private handle: Handle | null
  private modified: number
  private stopSending: (() => void) | null = null
  private stopWatching: (() => void) | null = null
  private creating: AbortController | null = null
  private timer = 0
  private retryMs = FIRST_RETRY_MS
  private movedAt = 0
  private createAfter = 0

  constructor(
    source: Source | OwnLink,
    private readonly changed: (upload: Upload) => void,
  ) {
    const isNew = 'file' in source
    const from = isNew ? source.file : source
    this.name = from.name
    this.size = from.size
    this.type = from.type
    this.path = isNew ? source.path : ''
    this.file = isNew ? source.file : null
    this.handle = isNew ? source.handle : null
    this.modified = isNew ? source.file.lastModified : (source.modified ?? 0)
    if (isNew) return
    this.state = 'missing'
    this.reason = {kind: 'chooseAgain'}
    this.link = source.link
    this.key = source.key
    this.address = source.address ?? null
  }

  /** Whether it still wants to get somewhere. */
  get isOpen(): boolean {
    return this.state !== 'ready' && this.state !== 'deleted'
  }

  /** Whether it takes one of the places for files that are sent. */
  get isRunning(): boolean {
    return this.state === 'sending' || this.state === 'offline'
  }

  /** Whether it has to be created on its own before its bytes go. */
  private get isLinkless(): boolean {
    return this.address === null && this.size > SMALL_BYTES
  }

  get isCreatable(): boolean {
    const isWaiting = this.state === 'queued' && this.file !== null && !this.creating
    return isWaiting && this.isLinkless && performance.now() >= this.createAfter
  }

  /** Whether an interrupted upload is that of this file. */
  isOf(file: File): boolean {
    const isSame = file.size === this.size && file.lastModified === this.modified
    return this.state === 'missing' && isSame && file.name === this.name
  }

  get canReopen(): boolean {
    return this.handle !== null
  }

  get reopenHandle(): Handle | null {
    return this.handle
  }

  // ---- What the queue does ----

  /** Gets its link from the server while others are sent. */
  async create(): Promise<void> {
    if (!this.file) return
    const creating = new AbortController()
    this.creating = creating
    try {
      const created = await createUpload(this.file, creating.signal)
      if (!creating.signal.aborted) this.told(created)
    } catch (error) {
      if (!creating.signal.aborted) this.stumbleCreating(error)
    } finally {
      if (this.creating === creating) this.creating = null
      this.touch()
    }
  }

  get isCreating(): boolean {
    return this.creating !== null
  }

  begin(): void {
    const file = this.file
    if (!file) return
    if (this.isLinkless) {
      void this.createThenSend()
      return
    }
    this.halt()
    this.become('sending', null)
    this.movedAt = performance.now()
    this.stopSending = send(file, this.address, {
      created: (created) => this.told(created),
      sent: (bytes) => this.moved(bytes, this.stored),
      stored: (bytes) => this.moved(this.sent, bytes),
      done: () => this.finish(),
      failed: (error) => this.stumble(error),
    })
    this.watchServer()
  }

  private async createThenSend(): Promise<void> {
    this.halt()
    this.become('sending', null)
    await this.create()
    // It may have been paused, deleted or refused meanwhile.
    if (this.state === 'sending' && this.address !== null) this.begin()
  }

  /** Cuts a connection that has fallen silent. */
  checkStall(): void {
    if (this.state !== 'sending' || !this.stopSending) return
    if (performance.now() - this.movedAt > STALL_MS) this.stumble(new Error('silent'))
  }

  // ---- What the visitor does ----

  pause(): void {
    this.halt()
    this.become('paused', null)
  }

  resume(): void {
    this.halt()
    this.become('queued', null)
  }

  retry(): void {
    if (this.reason?.kind === 'uploadGone' && this.link) {
      dropRecord(this.link)
      void dropHandle(this.link)
      this.link = this.key = this.address = null
      this.sent = this.stored = 0
    }
    this.resume()
  }

  /** The file of an interrupted upload is here again. */
  reopen(file: File, handle: Handle | null): boolean {
    if (!this.isOf(file)) {
      this.become('missing', {kind: 'otherFile', detail: this.name})
      return false
    }
    this.file = file
    if (handle) this.keepHandle(handle)
    this.resume()
    return true
  }

  /** From an earlier visit there is a handle, which the visitor has to allow again. */
  offerHandle(handle: Handle): void {
    this.handle = handle
    this.become('missing', {kind: 'allowAgain'})
  }

  async remove(): Promise<void> {
    this.halt()
    if (this.link && this.key) {
      await deleteLink(this.link, this.key)
      this.forget()
    }
    this.become('deleted', null)
  }

  // ---- What the network tells ----

  /** The network came back, or the page is looked at again. */
  hurry(): void {
    if (this.state !== 'offline') return
    this.retryMs = FIRST_RETRY_MS
    this.begin()
  }

  loseNetwork(): void {
    if (this.state === 'sending') this.stumble(new TypeError('offline'))
  }

  /** How much the server has, when it is asked before anything is sent. */
  learn(stored: number): void {
    this.sent = this.stored = stored
    this.touch()
  }

  finish(): void {
    this.halt()
    this.sent = this.stored = this.size
    if (this.link) {
      changeRecord(this.link, {address: undefined, modified: undefined})
      void dropHandle(this.link)
    }
    this.become('ready', null)
  }

  vanish(): void {
    this.halt()
    this.become('failed', {kind: 'uploadGone'})
  }

  rename(name: string): void {
    this.name = name
    if (this.link) changeRecord(this.link, {name})
    this.touch()
  }

  touch(): void {
    this.version += 1
    this.changed(this)
  }

  private told({link, key, address}: Created): void {
    Object.assign(this, {link, key, address})
    const {name, size, type, modified} = this
    keepRecord({link, key, address, name, size, type, modified, created: Date.now()})
    void claim(link)
    if (this.handle) this.keepHandle(this.handle)
    this.touch()
  }

  private keepHandle(handle: Handle): void {
    this.handle = handle
    if (this.link) void keepHandle(this.link, handle)
  }

  private moved(sent: number, stored: number): void {
    if (sent > this.sent || stored > this.stored) {
      this.movedAt = performance.now()
      this.retryMs = FIRST_RETRY_MS
    }
    this.sent = Math.max(sent, stored)
    this.stored = Math.max(stored, this.stored)
    this.meter.add(this.sent)
    this.touch()
  }

  private watchServer(): void {
    if (!this.link || this.stopWatching || this.size < WATCHED_BYTES) return
    this.stopWatching = watch(this.link, (progress) => {
      if (progress.state === 'deleted' || progress.state === 'failed') this.vanish()
      else if (progress.state === 'ready') this.finish()
      else this.moved(this.sent, progress.stored)
    })
  }

  /** One that only waits for its turn goes on waiting; the queue asks again later. */
  private stumbleCreating(error: unknown): void {
    if (this.state !== 'queued' || !isPassing(reasonOf(error))) this.stumble(error)
    else this.createAfter = performance.now() + LONGEST_RETRY_MS
  }

  private stumble(error: unknown): void {
    const reason = reasonOf(error)
    this.halt()
    if (!isPassing(reason)) {
      this.become('failed', reason)
      return
    }
    this.become('offline', reason)
    this.timer = window.setTimeout(() => this.begin(), this.retryMs)
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS)
  }

  private halt(): void {
    clearTimeout(this.timer)
    this.stopSending?.()
    this.stopWatching?.()
    this.creating?.abort()
    this.stopSending = this.stopWatching = this.creating = null
    this.meter.reset()
  }

  private become(state: State, reason: Reason | null): void {
    this.state = state
    this.reason = reason
    this.touch()
  }

  private forget(): void {
    if (!this.link) return
    dropRecord(this.link)
    void dropHandle(this.link)
  }
}
