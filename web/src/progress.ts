// Watching one link: the server's own messages over a WebSocket, connected again when it breaks.
// What has ended is told once, then the watching is over.
import {type Facts, isGone, type LinkState, readFacts} from './api'
import {socketOf} from './base'

export interface Progress {
  link: string
  state: LinkState
  received: number
  stored: number
  size: number | null
  rate: number
  eta: number | null
  expires: string | null
  reason?: string
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000

export function isOver(state: LinkState): boolean {
  return state === 'ready' || state === 'failed' || state === 'deleted'
}

function progressOfFacts(facts: Facts): Progress {
  const {link, state, received, stored, size, expires} = facts
  return {link, state, received, stored, size, rate: 0, eta: null, expires}
}

function progressOfNothing(link: string): Progress {
  const state = 'deleted'
  return {link, state, received: 0, stored: 0, size: null, rate: 0, eta: null, expires: null}
}

class Watch {
  private socket: WebSocket | null = null
  private timer = 0
  private delay = FIRST_DELAY_MS
  private isEnded = false

  constructor(
    private readonly link: string,
    private readonly tell: (progress: Progress) => void,
    private readonly lost: () => void,
  ) {
    addEventListener('online', this.hurry)
    this.connect()
  }

  end(): void {
    this.isEnded = true
    clearTimeout(this.timer)
    removeEventListener('online', this.hurry)
    this.socket?.close()
    this.socket = null
  }

  private readonly hurry = (): void => {
    if (this.socket) return
    clearTimeout(this.timer)
    void this.reconnect()
  }

  private connect(): void {
    const socket = new WebSocket(socketOf(`/api/files/${this.link}/progress`))
    this.socket = socket
    socket.onmessage = (event) => {
      this.delay = FIRST_DELAY_MS
      this.hear(JSON.parse(event.data as string) as Progress)
    }
    socket.onclose = () => {
      if (this.isEnded || this.socket !== socket) return
      this.socket = null
      this.lost()
      this.timer = window.setTimeout(() => void this.reconnect(), this.delay)
      this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS)
    }
  }

  /** A browser doesn't tell why a WebSocket was refused; asking plainly does. */
  private async reconnect(): Promise<void> {
    try {
      const facts = await readFacts(this.link)
      if (this.isEnded) return
      if (isOver(facts.state)) this.hear(progressOfFacts(facts))
    } catch (error) {
      if (!this.isEnded && isGone(error)) this.hear(progressOfNothing(this.link))
    }
    if (!this.isEnded && !this.socket) this.connect()
  }

  private hear(progress: Progress): void {
    if (this.isEnded) return
    if (isOver(progress.state)) this.end()
    this.tell(progress)
  }
}

/** Tells every change until it is over or the returned function is called. */
export function watch(
  link: string,
  tell: (progress: Progress) => void,
  lost: () => void = () => undefined,
): () => void {
  const watching = new Watch(link, tell, lost)
  return () => watching.end()
}
