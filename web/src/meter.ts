// How fast something grows: an average over the last seconds that follows changes and forgets
// pauses.
const WINDOW_MS = 5000
const EVERY_MS = 250

export class Meter {
  private samples: {at: number; bytes: number}[] = []

  add(bytes: number): void {
    const at = performance.now()
    const last = this.samples[this.samples.length - 1]
    if (last && (at - last.at < EVERY_MS || bytes < last.bytes)) return
    this.samples.push({at, bytes})
    while (this.samples[0] && at - this.samples[0].at > WINDOW_MS) this.samples.shift()
  }

  reset(): void {
    this.samples = []
  }

  /** Bytes a second; 0 while it can't be told. */
  get rate(): number {
    const first = this.samples[0]
    const last = this.samples[this.samples.length - 1]
    if (!first || !last || last.at - first.at < EVERY_MS) return 0
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at)
  }
}
