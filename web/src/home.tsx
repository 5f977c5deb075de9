// The front page: its entry point.
import {render} from 'preact'
import {useEffect, useRef, useState} from 'preact/hooks'
import {announce, startAnnouncing} from './announce'
import {urlOf} from './base'
import type {Chosen} from './folders'
import {sourcesOfFiles} from './folders'
import {startLanguage, texts} from './language'
import {BatchSection} from './parts/batch'
import {Drop} from './parts/drop'
import {Header} from './parts/header'
import {Mine} from './parts/mine'
import {CopyButton} from './parts/linkbox'
import {Overall} from './parts/overall'
import {stateWords} from './parts/row'
import {startPaste} from './paste'
import {startPresence} from './presence'
import {queue} from './queue'
import {wordsOf} from './reasons'
import type {Upload} from './upload'

const SPOKEN_SINGLY = 3
let problem = ''
let isLeaving = false

function take({sources, folder, unreadable}: Chosen): void {
  problem = unreadable === null ? '' : texts().folderUnreadable(unreadable)
  isLeaving = false
  queue.add(sources, folder)
  queue.render()
}

/** Of a few files each is spoken of, of many only what went wrong and the end of all. */
function speakOf(upload: Upload): void {
  const {all, open, failed} = queue.totals()
  const {state, name, reason} = upload
  const isTrouble = state === 'failed' || state === 'offline' || state === 'missing'
  if (isTrouble && reason) announce(`${name}: ${stateWords(upload)}. ${wordsOf(reason)}`)
  else if (state === 'ready' && open === 0 && failed === 0) announce(texts().readyAll(all))
  else if (all <= SPOKEN_SINGLY && state !== 'queued') announce(`${name}: ${stateWords(upload)}`)
}

/** Draws again whenever something moved. */
function useQueue(): void {
  const [, count] = useState(0)
  useEffect(() => queue.subscribe(() => count((number) => number + 1)), [])
}

function Terminal() {
  const words = texts()
  const command = `curl -T film.mkv ${urlOf('/')}`
  return (
    <section class="terminal" aria-label={words.atTerminal}>
      <p class="quiet">{`${words.atTerminal} (${words.terminalHint}):`}</p>
      <div class="code">
        <code>{command}</code>
        <CopyButton text={command} label={`${words.copy}: ${command}`} />
      </div>
    </section>
  )
}

function Home() {
  useQueue()
  const again = useRef<HTMLInputElement>(null)
  const wanted = useRef<Upload | null>(null)
  const choose = (upload: Upload): void => {
    wanted.current = upload
    again.current?.click()
  }
  const chosenAgain = (event: {currentTarget: HTMLInputElement}): void => {
    const input = event.currentTarget
    const [source] = sourcesOfFiles(input.files ?? []).sources
    if (source) wanted.current?.reopen(source.file, null)
    input.value = ''
  }
  return (
    <>
      <Header />
      <main>
        <Drop isSmall={queue.batches.length > 0} chosen={take} />
        <input ref={again} id="again" type="file" hidden onChange={chosenAgain} />
        {problem !== '' && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <Overall isLeaving={isLeaving} />
        {queue.batches.map((batch) => (
          <BatchSection key={batch.id} batch={batch} choose={choose} />
        ))}
        <Mine />
        <Terminal />
      </main>
      <footer>{texts().footer}</footer>
    </>
  )
}

function start(): void {
  const root = document.createElement('div')
  root.id = 'page'
  // What stands in the document is for browsers without scripts.
  document.getElementById('plain')?.replaceWith(root)
  const draw = (): void => render(<Home />, root)
  startAnnouncing()
  startLanguage(() => {
    draw()
    queue.render()
  })
  startPaste(take)
  startPresence(() => {
    isLeaving = true
    queue.render()
  })
  queue.onState(speakOf)
  void queue.restore()
}

start()
