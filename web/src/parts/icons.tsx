// The pictures of the page: strokes of the text's own colour, hidden from screen readers, which
// get the words beside them.
import type {ComponentChildren} from 'preact'

const shapes = {
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  check: 'M4 12.5 9.5 18 20 6.5',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2',
  share: 'M12 15V3m0 0L8 7m4-4 4 4M6 11H4v10h16V11h-2',
  options: 'M4 7h9m4 0h3M4 17h3m4 0h9M13 5v4M7 15v4',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4.5 19 12 7 19.5z',
  retry: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v5h5',
  close: 'M5 5l14 14M19 5 5 19',
  open: 'M14 4h6v6M20 4 10 14M10 5H4v15h15v-6',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  folder: 'M3 6h7l2 3h9v11H3z',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01',
  audio: 'M9 18V5l11-2v13M9 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0M20 16a3 3 0 1 1-6 0 3 3 0 0 1 6 0',
  video: 'M3 6h12v12H3zM15 11l6-4v10l-6-4',
  text: 'M6 3h8l5 5v13H6zM14 3v5h5M9 12h7M9 16h7',
  archive: 'M4 4h16v5H4zM5 9v11h14V9M10 13h4',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1.5 1.5M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1.5-1.5',
  upload: 'M12 16V4m0 0L7 9m5-5 5 5M4 16v4h16v-4',
  download: 'M12 4v12m0 0-5-5m5 5 5-5M4 20h16',
  wait: 'M12 3a9 9 0 1 0 .01 0M12 7v5l3 3',
  alert: 'M12 4 2.5 20h19zM12 10v4M12 17h.01',
  offline:
    'M3 3l18 18M5 12a10 10 0 0 1 4-2.4M19 12a10 10 0 0 0-5-2.7M8.5 15.5a5 5 0 0 1 7 0M12 19h.01',
}

export type IconName = keyof typeof shapes

export function Icon({name}: {name: IconName}) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  )
}

const ARCHIVES = /(zip|tar|gzip|x-7z|rar|zstd|x-xz|bzip2)/

/** What kind of thing a file is, by its media type. */
export function iconOfType(type: string): IconName {
  const family = type.split('/')[0]
  if (family === 'image' || family === 'audio' || family === 'video') return family
  if (ARCHIVES.test(type)) return 'archive'
  if (family === 'text' || type === 'application/pdf' || type === 'application/json') return 'text'
  return 'file'
}

interface ButtonProps {
  icon?: IconName
  kind?: 'primary' | 'danger'
  label?: string
  expanded?: boolean
  disabled?: boolean
  onClick: () => void
  children: ComponentChildren
}

export function Button({icon, kind, label, expanded, disabled, onClick, children}: ButtonProps) {
  return (
    <button
      type="button"
      class={kind ? `button ${kind}` : 'button'}
      aria-label={label}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}
