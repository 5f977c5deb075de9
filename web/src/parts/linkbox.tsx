// A link to hand on: shown, copied, as a QR code, through the system's sheet.
import type {ComponentChildren} from 'preact'
import {useEffect, useRef, useState} from 'preact/hooks'
import {announce} from '../announce'
import {texts} from '../language'
import {canShare, copy, share} from '../share'
import {Button, Icon} from './icons'
import {QrCode} from './qr'

const COPIED_MS = 2500

/** A button that copies and says so for a while. */
export function CopyButton({text, kind, label}: {text: string; kind?: 'primary'; label?: string}) {
  const words = texts()
  const [said, say] = useState('')
  const timer = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  const press = async (): Promise<void> => {
    const answer = (await copy(text)) ? words.copied : words.copyFailed
    say(answer)
    announce(answer)
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => say(''), COPIED_MS)
  }
  return (
    <Button
      icon={said === words.copied ? 'check' : 'copy'}
      kind={kind}
      label={said === '' ? label : undefined}
      onClick={() => void press()}
    >
      {said || words.copy}
    </Button>
  )
}

interface LinkBoxProps {
  url: string
  name: string
  /** On the link's own page there is nothing to open. */
  isHere?: boolean
  children?: ComponentChildren
}

export function LinkBox({url, name, isHere, children}: LinkBoxProps) {
  const words = texts()
  const [isQrShown, showQr] = useState(false)
  return (
    <>
      <div class="linkbox">
        <input
          class="link"
          type="text"
          readOnly
          value={url}
          aria-label={words.linkOf(name)}
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton
          text={url}
          kind={isHere ? undefined : 'primary'}
          label={`${words.copyLink}: ${name}`}
        />
      </div>
      <div class="actions ghosts">
        {isHere !== true && (
          <a class="button" href={url} target="_blank" rel="noopener">
            <Icon name="open" />
            {words.open}
          </a>
        )}
        <Button icon="qr" expanded={isQrShown} onClick={() => showQr(!isQrShown)}>
          {words.qr}
        </Button>
        {canShare() && (
          <Button icon="share" onClick={() => void share(name, url)}>
            {words.share}
          </Button>
        )}
        {children}
      </div>
      {isQrShown && <QrCode text={url} label={words.qrOf(name)} />}
    </>
  )
}
