// How the file of a link stands, as it changes.
import type {Facts} from '../api'
import {
  formatDuration,
  formatPercent,
  formatRate,
  formatSize,
  formatTime,
  percentOf,
} from '../format'
import {texts} from '../language'
import type {Progress} from '../progress'
import {Bar} from './bar'
import {Icon} from './icons'

export interface Live {
  progress: Progress
  isLost: boolean
}

function figures({received, size, rate, eta, state}: Progress): string {
  const words = texts()
  const told =
    size === null ? [formatSize(received)] : [words.of(formatSize(received), formatSize(size))]
  if (state === 'arriving' && rate > 0) told.push(formatRate(rate))
  if (state === 'arriving' && eta !== null && eta > 0) told.push(words.left(formatDuration(eta)))
  return told.join(' · ')
}

function sentence({state, stored, size, reason}: Progress): string {
  const words = texts()
  if (state === 'arriving') return words.arrivingNow
  if (state === 'failed') return reason ? words.failedFor(reason) : words.uploadFailed
  if (state === 'deleted') return words.linkDeleted
  return size === null
    ? words.senderOffline
    : words.senderAt(formatPercent(percentOf(stored, size)))
}

export function Status({facts, live}: {facts: Facts; live: Live}) {
  const words = texts()
  const {progress, isLost} = live
  const {state, received, stored, size} = progress
  if (state === 'ready')
    return (
      <p class="state is-ready">
        <Icon name="check" />
        {words.ready}
      </p>
    )
  const isOn = state === 'arriving' || state === 'waiting'
  return (
    <div class={`status is-${state}`}>
      <p class="state">
        <Icon name={state === 'arriving' ? 'download' : state === 'waiting' ? 'wait' : 'alert'} />
        {words[state]}
        {isOn && size !== null && ` · ${formatPercent(percentOf(received, size))}`}
      </p>
      <p>{isOn && facts.files ? words.collectionArriving : sentence(progress)}</p>
      {isOn && !facts.files && (
        <>
          <Bar
            label={words.progressOf(facts.name)}
            sent={received}
            stored={stored}
            size={size}
            words={figures(progress)}
          />
          <p class="figures">{figures(progress)}</p>
        </>
      )}
      {state === 'waiting' && progress.expires && (
        <p class="quiet">{words.waitsUntil(formatTime(progress.expires))}</p>
      )}
      {isLost && <p class="quiet">{words.reconnecting}</p>}
    </div>
  )
}
