// My uploads: the links made in this browser, asked for when the list is opened.
import {useEffect, useRef, useState} from 'preact/hooks'
import {announce} from '../announce'
import {deleteLink, type Facts, isGone, readFacts} from '../api'
import {pageOf} from '../base'
import {formatDistance, formatSize, formatTime} from '../format'
import {texts} from '../language'
import {queue} from '../queue'
import {
  dropRecord,
  exportRecords,
  importRecords,
  onRecordsChanged,
  type OwnLink,
  readRecords,
} from '../store'
import {dropHandle} from '../handles'
import {DeleteButton} from './delete'
import {Button, Icon, iconOfType} from './icons'
import {CopyButton} from './linkbox'

const ASKED_AT_ONCE = 4
const SHOWN_FIRST = 50

type Known = Facts | 'gone' | undefined

function describe(record: OwnLink, facts: Known): string {
  const words = texts()
  const told = [formatTime(record.created), formatSize(record.size)]
  if (record.files !== undefined) told.push(words.files(record.files))
  if (facts === 'gone') return [words.gone, ...told].join(' · ')
  if (!facts) return told.join(' · ')
  const {state, downloads, downloads_max, expires} = facts
  told.unshift(words[state])
  told.push(
    downloads_max === null
      ? words.downloads(downloads)
      : words.downloadsOf(downloads, downloads_max),
  )
  told.push(expires ? words.expires(formatDistance(expires)) : words.expiresNever)
  return told.join(' · ')
}

function Item({record, facts, changed}: {record: OwnLink; facts: Known; changed: () => void}) {
  const words = texts()
  const {link, key} = record
  const name = facts && facts !== 'gone' ? facts.name : record.name
  const forget = (): void => {
    dropRecord(link)
    void dropHandle(link)
    changed()
  }
  const remove = async (): Promise<void> => {
    const here = queue.uploads.find((upload) => upload.link === link)
    await (here ? here.remove() : deleteLink(link, key))
    forget()
  }
  return (
    <li class={facts === 'gone' ? 'item is-gone' : 'item'}>
      <span class="tile">
        <Icon name={record.files === undefined ? iconOfType(record.type) : 'folder'} />
      </span>
      <div class="row-names">
        <h3 class="name" dir="auto">
          {facts === 'gone' ? name : <a href={pageOf(link)}>{name}</a>}
        </h3>
        <p class="figures">{describe(record, facts)}</p>
      </div>
      <div class="actions">
        {facts === 'gone' ? (
          <Button icon="close" label={`${words.forget}: ${name}`} onClick={forget}>
            {words.forget}
          </Button>
        ) : (
          <>
            <CopyButton text={pageOf(link)} label={`${words.copyLink}: ${name}`} />
            <DeleteButton name={name} remove={remove} />
          </>
        )}
      </div>
    </li>
  )
}

/** Asks for the links one after the other, a few at a time. */
async function askAll(records: OwnLink[], tell: (link: string, facts: Known) => void) {
  const waiting = [...records]
  const one = async (): Promise<void> => {
    for (let record = waiting.shift(); record; record = waiting.shift()) {
      const {link} = record
      try {
        tell(link, await readFacts(link))
      } catch (error) {
        if (isGone(error)) tell(link, 'gone')
      }
    }
  }
  await Promise.all(Array.from({length: ASKED_AT_ONCE}, one))
}

function save(blob: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = 'sluice-links.json'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function Transfer({changed}: {changed: () => void}) {
  const words = texts()
  const input = useRef<HTMLInputElement>(null)
  const [said, say] = useState('')
  const bring = async (file: File): Promise<void> => {
    const added = await importRecords(file)
    const answer = added === null ? texts().importFailed : texts().imported(added)
    say(answer)
    announce(answer)
    changed()
  }
  return (
    <div class="actions">
      <Button icon="download" onClick={() => save(exportRecords())}>
        {words.export}
      </Button>
      <Button icon="upload" onClick={() => input.current?.click()}>
        {words.import}
      </Button>
      <Button icon="retry" onClick={changed}>
        {words.refresh}
      </Button>
      <input
        ref={input}
        id="import"
        type="file"
        accept="application/json,.json"
        hidden
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? []
          if (file) void bring(file)
          event.currentTarget.value = ''
        }}
      />
      <span class="quiet">{said}</span>
    </div>
  )
}

function List() {
  const words = texts()
  const [records, setRecords] = useState(readRecords)
  const [known, setKnown] = useState<ReadonlyMap<string, Known>>(new Map())
  const [most, show] = useState(SHOWN_FIRST)
  const reload = (): void => setRecords(readRecords())
  useEffect(() => onRecordsChanged(reload), [])
  useEffect(() => {
    let isHere = true
    void askAll(records.slice(0, most), (link, facts) => {
      if (isHere) setKnown((before) => new Map(before).set(link, facts))
    })
    return () => {
      isHere = false
    }
  }, [records, most])
  return (
    <>
      <p class="quiet">{words.mineHint}</p>
      <Transfer changed={reload} />
      {records.length === 0 && <p>{words.mineEmpty}</p>}
      <ul class="items">
        {records.slice(0, most).map((record) => (
          <Item key={record.link} record={record} facts={known.get(record.link)} changed={reload} />
        ))}
      </ul>
      {records.length > most && (
        <Button onClick={() => show(most + SHOWN_FIRST)}>
          {words.moreFiles(records.length - most)}
        </Button>
      )}
    </>
  )
}

export function Mine() {
  const [isOpen, open] = useState(false)
  return (
    <details class="mine" onToggle={(event) => open(event.currentTarget.open)}>
      <summary>
        <h2>{texts().mine}</h2>
      </summary>
      {isOpen && <List />}
    </details>
  )
}
