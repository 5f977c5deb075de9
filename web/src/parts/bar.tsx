// How far something is: what was sent, and on top of it what the server has stored.
import {percentOf} from '../format'

interface BarProps {
  label: string
  sent: number
  stored: number
  size: number | null
  words: string
}

function width(part: number, size: number | null): {width: string} {
  const share = size === null ? 0 : size === 0 ? 1 : Math.min(1, part / size)
  return {width: `${(share * 100).toFixed(2)}%`}
}

export function Bar({label, sent, stored, size, words}: BarProps) {
  return (
    <div
      class={size === null ? 'bar endless' : 'bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={size === null ? undefined : percentOf(Math.max(sent, stored), size)}
      aria-valuetext={words}
    >
      <div class="bar-sent" style={width(sent, size)} />
      <div class="bar-stored" style={width(stored, size)} />
    </div>
  )
}
