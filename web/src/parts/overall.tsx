// All uploads of this visit together: how far, how fast, how long, and what holds for all.
import {formatDuration, formatPercent, formatRate, formatSize, percentOf} from '../format'
import {texts} from '../language'
import {queue, type Totals} from '../queue'
import {Bar} from './bar'
import {Button} from './icons'

function headline({all, ready, failed, open}: Totals): string {
  const words = texts()
  const told = open === 0 && failed === 0 ? words.readyAll(all) : words.filesReady(ready, all)
  return failed > 0 ? `${told}, ${words.someFailed(failed)}` : told
}

function figures({bytes, sent, rate, open}: Totals): string {
  const words = texts()
  if (open === 0) return formatSize(bytes)
  const told = [
    formatPercent(percentOf(sent, bytes)),
    words.of(formatSize(sent), formatSize(bytes)),
  ]
  if (rate > 0) {
    told.push(formatRate(rate))
    if (sent < bytes) told.push(words.left(formatDuration((bytes - sent) / rate)))
  }
  return told.join(' · ')
}

/** That the page may be closed, and what there is to do after coming back. */
function leavingWords(): string {
  const words = texts()
  const hasAll = queue.uploads.every((upload) => !upload.isRunning || upload.canReopen)
  return hasAll ? words.leaving : words.leavingChoose
}

/** `isLeaving`: the visitor was about to go. */
export function Overall({isLeaving}: {isLeaving: boolean}) {
  const words = texts()
  const totals = queue.totals()
  if (totals.all === 0) return null
  const {running, paused, ready, open, bytes, sent} = totals
  return (
    <section class="overall" aria-label={words.progressAll}>
      <div class="overall-head">
        <h2 id="uploads" tabIndex={-1}>
          {headline(totals)}
        </h2>
        <p class="figures">{figures(totals)}</p>
        <div class="actions">
          {(running > 0 || paused > 0) && (
            <Button
              icon={running > 0 ? 'pause' : 'play'}
              onClick={() => (running > 0 ? queue.pauseAll() : queue.resumeAll())}
            >
              {running > 0 ? words.pauseAll : words.resumeAll}
            </Button>
          )}
          {ready > 0 && open === 0 && (
            <Button
              icon="close"
              onClick={() => {
                queue.hide((upload) => !upload.isOpen)
                document.getElementById('choose')?.focus()
              }}
            >
              {words.hideDone}
            </Button>
          )}
        </div>
      </div>
      {open > 0 && (
        <Bar
          label={words.progressAll}
          sent={sent}
          stored={sent}
          size={bytes}
          words={formatPercent(percentOf(sent, bytes))}
        />
      )}
      {running > 0 && <p class={isLeaving ? 'leaving' : 'quiet'}>{leavingWords()}</p>}
    </section>
  )
}
