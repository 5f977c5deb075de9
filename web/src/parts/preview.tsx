// A look at the file where that is safe: the bytes come with a policy that lets nothing in them
// run, and are shown only as what a browser draws or plays by itself.
import {useEffect, useState} from 'preact/hooks'
import type {Facts} from '../api'
import {formatSize} from '../format'
import {texts} from '../language'
import {Button} from './icons'

const TEXT_BYTES = 64 * 1024
/** Larger pictures are shown when asked for: a phone pays for them. */
const IMAGE_BYTES = 20 * 1000 * 1000
const IMAGES = /^image\/(png|apng|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/

type Kind = 'image' | 'audio' | 'video' | 'pdf' | 'text'

export function kindOf(type: string): Kind | null {
  const [essence = ''] = type.toLowerCase().split(';')
  if (IMAGES.test(essence)) return 'image'
  const family = essence.split('/')[0]
  if (family === 'audio' || family === 'video')
    return document.createElement(family).canPlayType(essence) === '' ? null : family
  if (essence === 'application/pdf') return navigator.pdfViewerEnabled ? 'pdf' : null
  return essence === 'text/plain' ? 'text' : null
}

async function readStart(url: string): Promise<string> {
  const answer = await fetch(url, {headers: {Range: `bytes=0-${TEXT_BYTES - 1}`}})
  if (!answer.ok) throw new Error(String(answer.status))
  // A character that is cut at the end of the range becomes nothing rather than a wrong one.
  return new TextDecoder().decode(await answer.arrayBuffer(), {stream: true})
}

function TextPreview({url, size, failed}: {url: string; size: number; failed: () => void}) {
  const words = texts()
  const [text, tell] = useState<string | null>(null)
  useEffect(() => {
    readStart(url).then(tell, failed)
  }, [url])
  if (text === null) return <p class="quiet">{words.loading}</p>
  return (
    <>
      <pre class="text" tabIndex={0} dir="auto" aria-label={words.preview}>
        {text}
      </pre>
      {size > TEXT_BYTES && <p class="quiet">{words.previewCut(formatSize(TEXT_BYTES))}</p>}
    </>
  )
}

interface ShownProps {
  kind: Kind
  url: string
  facts: Facts
  failed: () => void
}

function Shown({kind, url, facts, failed}: ShownProps) {
  const {name, size} = facts
  if (kind === 'image') return <img src={url} alt={name} onError={failed} />
  if (kind === 'audio') return <audio src={url} controls preload="metadata" onError={failed} />
  if (kind === 'video')
    return <video src={url} controls preload="metadata" playsInline onError={failed} />
  // Another host's text can't be read from here, but it can be shown by itself.
  const isOurs = new URL(url, location.href).origin === location.origin
  if (kind === 'text' && isOurs) return <TextPreview url={url} size={size ?? 0} failed={failed} />
  return <iframe src={url} title={name} />
}

/** `url` gives the bytes inline. */
export function Preview({facts, url}: {facts: Facts; url: string}) {
  const words = texts()
  const kind = kindOf(facts.type)
  const isCounted = facts.downloads_max !== null
  const isLarge = kind === 'image' && (facts.size ?? 0) > IMAGE_BYTES
  const [isWanted, want] = useState(!isCounted && !isLarge)
  const [hasFailed, fail] = useState(false)
  if (kind === null || facts.size === 0) return null
  if (!isWanted)
    return (
      <section class="preview">
        <div class="actions">
          <Button icon={kind === 'pdf' ? 'text' : kind} onClick={() => want(true)}>
            {words.showPreview}
          </Button>
          {isCounted && <span class="quiet">{words.previewCounts}</span>}
        </div>
      </section>
    )
  return (
    <section class="preview" aria-label={words.preview}>
      {hasFailed ? (
        <p class="quiet">{words.previewFailed}</p>
      ) : (
        <Shown kind={kind} url={url} facts={facts} failed={() => fail(true)} />
      )}
    </section>
  )
}
