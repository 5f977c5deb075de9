// The page of a link: its entry point.
import {render} from 'preact'
import {useEffect, useState} from 'preact/hooks'
import {announce, startAnnouncing} from './announce'
import {type Facts, type Member, readFacts} from './api'
import {pageOf, pathOf} from './base'
import {readSha256} from './digest'
import {formatDistance, formatSize, formatTime} from './format'
import {startLanguage, texts} from './language'
import {Header} from './parts/header'
import {Icon, iconOfType} from './parts/icons'
import {CopyButton, LinkBox} from './parts/linkbox'
import {Preview} from './parts/preview'
import {type Live, Status} from './parts/status'
import {isOver, type Progress, watch} from './progress'
import {curlLine, curlLineOfMany} from './shell'

function progressOf(facts: Facts): Progress {
  const {link, state, received, stored, size} = facts
  return {link, state, received, stored, size, rate: 0, eta: null, expires: null}
}

/** What is known of the link now: as the page came, then as the server tells. */
function useFacts(first: Facts): {facts: Facts; live: Live} {
  const [facts, learn] = useState(first)
  const [live, hear] = useState<Live>({progress: progressOf(first), isLost: false})
  useEffect(() => {
    if (isOver(first.state)) return
    const tell = (progress: Progress): void => {
      hear((before) => {
        if (before.progress.state !== progress.state) announce(texts()[progress.state])
        return {progress, isLost: false}
      })
      if (progress.state === 'ready' || first.files)
        readFacts(first.link).then(learn, () => undefined)
    }
    return watch(first.link, tell, () => hear((before) => ({...before, isLost: true})))
  }, [first])
  return {facts: {...facts, state: live.progress.state}, live}
}

function useSha256(facts: Facts): string | null {
  const [sum, tell] = useState<string | null>(null)
  const {state} = facts
  useEffect(() => {
    if (state === 'ready') void readSha256(facts).then(tell)
  }, [state])
  return sum
}

function Files({files}: {files: readonly Member[]}) {
  const words = texts()
  return (
    <section aria-label={words.filesHeading}>
      <ul class="items">
        {files.map(({name, type, size, state, url}) => (
          <li class="item" key={url}>
            <span class="tile">
              <Icon name={iconOfType(type)} />
            </span>
            <div class="row-names">
              <h2 class="name" dir="auto">
                {name}
              </h2>
              <p class="figures">
                {[words[state], size === null ? words.sizeUnknown : formatSize(size)].join(' · ')}
              </p>
            </div>
            <a class="button" href={`${url}?download`} aria-label={`${words.download} ${name}`}>
              <Icon name="download" />
              {words.download}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Line({term, text, copied}: {term: string; text: string; copied?: boolean}) {
  return (
    <div class="line">
      <dt>{term}</dt>
      <dd>
        {copied ? (
          <div class="code">
            <code>{text}</code>
            <CopyButton text={text} label={`${texts().copy}: ${term}`} />
          </div>
        ) : (
          text
        )}
      </dd>
    </div>
  )
}

function Details({facts}: {facts: Facts}) {
  const words = texts()
  const sum = useSha256(facts)
  const {name, type, created, expires, downloads, downloads_max, files} = facts
  const until = expires ? words.expires(formatDistance(expires)) : words.expiresNever
  const told = [formatTime(created), until]
  // What is downloaded of a collection is counted for the files themselves.
  if (!files)
    told.push(
      downloads_max === null
        ? words.downloads(downloads)
        : words.downloadsOf(downloads, downloads_max),
    )
  const command = files ? curlLineOfMany(pageOf(facts.link)) : curlLine(name, facts.url)
  return (
    <dl class="details">
      {!files && <Line term={words.type} text={type} />}
      <Line term={words.created} text={told.join(' · ')} />
      {sum !== null && <Line term={words.sha256} text={sum} copied />}
      <Line term={words.curl} text={command} copied />
    </dl>
  )
}

function Download({facts, url}: {facts: Facts; url: string}) {
  const words = texts()
  const isReady = facts.state === 'ready'
  if (!isReady && isOver(facts.state)) return null
  return (
    <div class="take">
      <a class="button primary large" href={url}>
        <Icon name="download" />
        {isReady ? words.download : words.downloadNow}
      </a>
      {!isReady && <p class="quiet">{words.followsHint}</p>}
    </div>
  )
}

function LinkPage({first, download}: {first: Facts; download: string}) {
  const words = texts()
  const {facts, live} = useFacts(first)
  const {name, type, size, state, files, link} = facts
  const count = files ? words.files(files.length) : null
  return (
    <>
      <Header />
      <main class="file">
        <div class="file-head">
          <span class="tile large">
            <Icon name={files ? 'folder' : iconOfType(type)} />
          </span>
          <div class="row-names">
            <h1 class="name" dir="auto">
              {name}
            </h1>
            <p class="figures">
              {count !== null && count !== name && <span>{count}</span>}
              <span>{size === null ? words.sizeUnknown : formatSize(size)}</span>
            </p>
          </div>
        </div>
        <Status facts={facts} live={live} />
        {files ? <Files files={files} /> : <Download facts={facts} url={download} />}
        {!files && state === 'ready' && (
          <Preview facts={facts} url={download.replace(/\?.*$/, '')} />
        )}
        <LinkBox url={pageOf(link)} name={name} isHere />
        <Details facts={facts} />
      </main>
      <footer>
        <a href={pathOf('/')}>{words.sendYours}</a>
      </footer>
    </>
  )
}

function start(): void {
  const plain = document.getElementById('plain')
  const {facts, download} = plain?.dataset ?? {}
  if (!plain || !facts || !download) return
  const first = JSON.parse(facts) as Facts
  const root = document.createElement('div')
  root.id = 'page'
  plain.replaceWith(root)
  startAnnouncing()
  startLanguage(() => render(<LinkPage first={first} download={download} />, root))
}

start()
