// One file: what it is, how it stands, its link, and what can be done with it now.
import {Component, createRef} from 'preact'
import {useState} from 'preact/hooks'
import {
  formatDistance,
  formatDuration,
  formatPercent,
  formatRate,
  formatSize,
  percentOf,
} from '../format'
import {pageOf} from '../base'
import {texts} from '../language'
import {queue} from '../queue'
import {wordsOf} from '../reasons'
import type {State, Upload} from '../upload'
import {Bar} from './bar'
import {DeleteButton} from './delete'
import {Button, Icon, type IconName, iconOfType} from './icons'
import {LinkBox} from './linkbox'
import {Options} from './options'

const stateIcons: {[State_ in State]: IconName} = {
  queued: 'wait',
  sending: 'upload',
  paused: 'pause',
  offline: 'offline',
  failed: 'alert',
  missing: 'alert',
  ready: 'check',
  deleted: 'trash',
}

function figures(upload: Upload): string {
  const words = texts()
  const {state, sent, stored, size} = upload
  if (!upload.isOpen || sent === 0) return formatSize(size)
  const told = [words.of(formatSize(sent), formatSize(size))]
  if (stored > 0 && sent > stored) told.push(words.stored(formatSize(stored)))
  const rate = upload.meter.rate
  if (state === 'sending' && rate > 0) {
    told.push(formatRate(rate))
    if (sent < size) told.push(words.left(formatDuration((size - sent) / rate)))
  }
  return told.join(' · ')
}

export function stateWords(upload: Upload): string {
  const words = texts()
  const {state, sent, size} = upload
  if (state !== 'sending') return words[state]
  if (sent >= size) return words.finishing
  return `${words.sending} ${formatPercent(percentOf(sent, size))}`
}

function limits(upload: Upload): string {
  const words = texts()
  const told = []
  if (upload.expires) told.push(words.expires(formatDistance(upload.expires)))
  if (upload.downloadsMax !== null) told.push(words.downloadsOf(0, upload.downloadsMax))
  return told.join(' · ')
}

/** The one thing that moves it on. Pause and Resume are one button, so that the focus stays. */
function MainAction({upload, choose}: {upload: Upload; choose: (upload: Upload) => void}) {
  const words = texts()
  const {state, name} = upload
  if (state === 'ready' || state === 'deleted') return null
  if (state === 'failed')
    return (
      <Button
        icon="retry"
        kind="primary"
        label={`${words.retry}: ${name}`}
        onClick={() => upload.retry()}
      >
        {words.retry}
      </Button>
    )
  if (state === 'missing')
    return (
      <Button
        icon="play"
        kind="primary"
        onClick={() => (upload.canReopen ? void queue.reopen(upload) : choose(upload))}
      >
        {upload.canReopen ? words.continue : words.chooseSame}
      </Button>
    )
  const isPaused = state === 'paused'
  const word = isPaused ? words.resume : words.pause
  return (
    <Button
      icon={isPaused ? 'play' : 'pause'}
      label={`${word}: ${name}`}
      onClick={() => (isPaused ? upload.resume() : upload.pause())}
    >
      {word}
    </Button>
  )
}

export interface RowProps {
  upload: Upload
  choose: (upload: Upload) => void
}

function Link({upload}: {upload: Upload}) {
  const words = texts()
  const [isOpen, open] = useState(false)
  const {link, key, name} = upload
  if (!link || !key || !(upload.isOpen || upload.state === 'ready')) return null
  return (
    <>
      <LinkBox url={pageOf(link)} name={name}>
        <Button
          icon="options"
          expanded={isOpen}
          label={`${words.options}: ${name}`}
          onClick={() => open(!isOpen)}
        >
          {words.options}
        </Button>
        <DeleteButton name={name} remove={() => upload.remove()} />
      </LinkBox>
      {isOpen && (
        <Options
          link={link}
          linkKey={key}
          close={() => open(false)}
          saved={(facts) => {
            upload.expires = facts.expires
            upload.downloadsMax = facts.downloads_max
            upload.rename(facts.name)
          }}
        />
      )}
    </>
  )
}

function Content({upload, choose}: RowProps) {
  const words = texts()
  const {state, name, path, reason, sent, stored, size} = upload
  const told = stateWords(upload)
  const isBegun = state === 'sending' || (upload.isOpen && sent > 0)
  return (
    <>
      <div class="row-head">
        <span class="tile">
          <Icon name={iconOfType(upload.type)} />
        </span>
        <div class="row-names">
          <h3 class="name" dir="auto" title={path ? `${path}/${name}` : name}>
            {name}
          </h3>
          <p class="figures">
            <span class="state">
              <Icon name={stateIcons[state]} />
              {told}
            </span>
            <span>{figures(upload)}</span>
            {limits(upload) && <span>{limits(upload)}</span>}
          </p>
        </div>
        <MainAction upload={upload} choose={choose} />
        {(state === 'deleted' || (state === 'failed' && !upload.link)) && (
          <Button icon="close" onClick={() => queue.hide((other) => other === upload)}>
            {words.hide}
          </Button>
        )}
      </div>
      {reason && <p class="reason">{wordsOf(reason)}</p>}
      {isBegun && (
        <Bar label={words.progressOf(name)} sent={sent} stored={stored} size={size} words={told} />
      )}
      <Link upload={upload} />
    </>
  )
}

/** Drawn anew only when its upload or the language has changed: there may be thousands. */
export class Row extends Component<RowProps & {version: number; language: string}> {
  private readonly self = createRef<HTMLLIElement>()

  override shouldComponentUpdate(next: Row['props']): boolean {
    const {upload, version, language} = this.props
    return next.upload !== upload || next.version !== version || next.language !== language
  }

  override getSnapshotBeforeUpdate(): boolean {
    return this.self.current?.contains(document.activeElement) === true
  }

  /** A button that goes away with its state must not take the focus along. */
  override componentDidUpdate(_: unknown, __: unknown, hadFocus: boolean): void {
    if (hadFocus && document.activeElement === document.body) this.self.current?.focus()
  }

  override render() {
    const {upload, choose} = this.props
    const {state} = upload
    return (
      <li ref={this.self} class={`row is-${state}`} tabIndex={-1} data-state={state}>
        <Content upload={upload} choose={choose} />
      </li>
    )
  }
}
