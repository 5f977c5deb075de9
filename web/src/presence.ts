// How the page shows itself while it isn't looked at: title, icon, and a screen that stays on.
import {formatPercent, percentOf} from './format'
import {queue, type Totals} from './queue'

const TITLE = 'Sluice'
const ICON_PIXELS = 32
const EVERY_MS = 500

let shown = ''
let drawnAt = 0

function icon(): HTMLLinkElement | null {
  return document.querySelector('link[rel="icon"]')
}

const usualIcon = icon()?.href ?? ''

function ring(part: number, isFailed: boolean): string {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = ICON_PIXELS
  const pen = canvas.getContext('2d')
  if (!pen) return usualIcon
  const middle = ICON_PIXELS / 2
  const top = -Math.PI / 2
  pen.lineWidth = 7
  pen.strokeStyle = '#9aa5b1'
  pen.beginPath()
  pen.arc(middle, middle, middle - 4, 0, Math.PI * 2)
  pen.stroke()
  pen.strokeStyle = isFailed ? '#d1383d' : '#0f7b6c'
  pen.beginPath()
  pen.arc(middle, middle, middle - 4, top, top + Math.PI * 2 * part)
  pen.stroke()
  return canvas.toDataURL()
}

function show({all, ready, failed, open, bytes, sent}: Totals): void {
  const percent = percentOf(sent, bytes)
  const mark = failed > 0 ? '! ' : ''
  const words =
    open > 0
      ? `${mark}${formatPercent(percent)} · ${TITLE}`
      : all > 0 && ready === all
        ? `✓ ${TITLE}`
        : `${mark}${TITLE}`
  if (words === shown) return
  shown = words
  document.title = words
  const link = icon()
  if (link) link.href = open > 0 ? ring(percent / 100, failed > 0) : usualIcon
}

// ---- A screen that stays on ----

let lock: WakeLockSentinel | null = null

/** Phones stop the network when they sleep. The lock is lost whenever the page is hidden. */
async function keepAwake(isRunning: boolean): Promise<void> {
  const isHere = 'wakeLock' in navigator && matchMedia('(pointer: coarse)').matches
  if (!isHere || document.visibilityState !== 'visible') return
  if (!isRunning) {
    await lock?.release()
    lock = null
  } else if (!lock || lock.released) {
    lock = await navigator.wakeLock.request('screen').catch(() => null)
  }
}

/** `leaving` is called when the visitor is about to leave something unfinished behind. */
export function startPresence(leaving: () => void): void {
  queue.subscribe(() => {
    const totals = queue.totals()
    if (performance.now() - drawnAt < EVERY_MS && totals.open > 0) return
    drawnAt = performance.now()
    show(totals)
    void keepAwake(totals.running > 0)
  })
  addEventListener('beforeunload', (event) => {
    if (queue.totals().running === 0) return
    leaving()
    event.preventDefault()
  })
}
