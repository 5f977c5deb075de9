// A QR code as one path. Dark on white also in the dark: not every scanner reads it inverted.
import {encode} from 'uqr'

export function QrCode({text, label}: {text: string; label: string}) {
  const {data, size} = encode(text, {ecc: 'M', border: 3})
  const squares = data.flatMap((line, y) => line.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : '')))
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={squares.join('')} fill="#000" />
    </svg>
  )
}
