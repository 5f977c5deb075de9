// Sizes, rates, times as people write them, in the language of the page.
import {language} from './language'

const SIZE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
const formats = new Map<string, Intl.NumberFormat>()

function inUnit(value: number, unit: string, digits: number): string {
  const id = `${language()} ${unit} ${digits}`
  let format = formats.get(id)
  if (!format) {
    // The short form of bytes has no plural in English.
    const unitDisplay = unit === 'byte' ? 'long' : 'short'
    const shape = {style: 'unit', unit, unitDisplay, maximumFractionDigits: digits}
    format = new Intl.NumberFormat(language(), shape as Intl.NumberFormatOptions)
    formats.set(id, format)
  }
  // A number and its unit stay on one line.
  return format.format(value).replaceAll(' ', '\u00a0')
}

/** Three digits are enough to see it move, and short enough to read. */
function scaled(bytes: number): {value: number; unit: string; digits: number} {
  let value = bytes
  let step = 0
  while (value >= 999.5 && step < SIZE_UNITS.length - 1) {
    value /= 1000
    step += 1
  }
  const digits = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return {value, unit: SIZE_UNITS[step] ?? 'byte', digits}
}

export function formatSize(bytes: number): string {
  const {value, unit, digits} = scaled(bytes)
  return inUnit(value, unit, digits)
}

export function formatRate(bytesPerSecond: number): string {
  const {value, unit, digits} = scaled(Math.max(0, bytesPerSecond))
  return inUnit(value, `${unit}-per-second`, digits)
}

export function formatDuration(seconds: number): string {
  if (seconds < 59.5) return inUnit(Math.max(1, Math.round(seconds)), 'second', 0)
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return inUnit(minutes, 'minute', 0)
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return inUnit(Math.round(hours / 24), 'day', 0)
  const rest = minutes % 60
  return rest === 0
    ? inUnit(hours, 'hour', 0)
    : `${inUnit(hours, 'hour', 0)} ${inUnit(rest, 'minute', 0)}`
}

/** Rounded down: 100 % is said only of what is whole. */
export function percentOf(part: number, whole: number | null): number {
  if (whole === null) return 0
  return whole === 0 ? 100 : Math.min(100, Math.floor((part / whole) * 100))
}

export function formatPercent(percent: number): string {
  return new Intl.NumberFormat(language(), {style: 'percent'}).format(percent / 100)
}

export function formatTime(moment: string | number): string {
  return new Intl.DateTimeFormat(language(), {dateStyle: 'medium', timeStyle: 'short'}).format(
    new Date(moment),
  )
}

/** "in 6 days": how far away a moment is, in the largest unit that fits. */
export function formatDistance(moment: string): string {
  const seconds = (new Date(moment).getTime() - Date.now()) / 1000
  const relative = new Intl.RelativeTimeFormat(language(), {numeric: 'auto'})
  const minutes = Math.round(seconds / 60)
  if (Math.abs(minutes) < 90) return relative.format(minutes, 'minute')
  const hours = Math.round(seconds / 3600)
  if (Math.abs(hours) < 36) return relative.format(hours, 'hour')
  return relative.format(Math.round(seconds / 86400), 'day')
}
