// The files that were dropped together, and the one link that they can have in common.
import {useState} from 'preact/hooks'
import {pageOf} from '../base'
import {language, texts} from '../language'
import {type Batch, COLLECTED_MOST, queue} from '../queue'
import type {Upload} from '../upload'
import {DeleteButton} from './delete'
import {Button, Icon} from './icons'
import {LinkBox} from './linkbox'
import {Row} from './row'

const SHOWN_FIRST = 100

function nameOf(batch: Batch): string {
  return batch.name ?? texts().files(batch.uploads.length)
}

function Collected({batch}: {batch: Batch}) {
  const {collection} = batch
  if (!collection) return null
  return (
    <div class="collected">
      <h3 class="name">
        <Icon name="link" /> {texts().linkToAll}
      </h3>
      <LinkBox url={pageOf(collection.link)} name={collection.name}>
        <DeleteButton name={collection.name} remove={() => queue.dropCollection(batch)} />
      </LinkBox>
    </div>
  )
}

function Collect({batch}: {batch: Batch}) {
  const words = texts()
  const members = batch.uploads.filter(({state}) => state !== 'deleted' && state !== 'failed')
  if (batch.collection || members.length < 2) return null
  if (members.length > COLLECTED_MOST)
    return <p class="quiet">{words.collectMost(COLLECTED_MOST)}</p>
  const isComplete = members.every(({link}) => link !== null)
  return (
    <>
      <Button
        icon="link"
        disabled={batch.isCollecting || !isComplete}
        onClick={() => void queue.collect(batch, nameOf(batch))}
      >
        {batch.isCollecting ? words.collecting : words.oneLink(members.length)}
      </Button>
      {batch.problem !== null && (
        <p class="problem" role="alert">
          {words.collectFailed(batch.problem)}
        </p>
      )}
    </>
  )
}

interface BatchProps {
  batch: Batch
  choose: (upload: Upload) => void
}

export function BatchSection({batch, choose}: BatchProps) {
  const words = texts()
  const [most, show] = useState(SHOWN_FIRST)
  const {uploads} = batch
  const heading = batch.isFromLastTime ? words.fromLastTime : nameOf(batch)
  const hidden = uploads.length - most
  return (
    <section class="batch" aria-label={heading}>
      {(uploads.length > 1 || batch.isFromLastTime || batch.collection) && (
        <div class="batch-head">
          <p class="batch-name" dir="auto">
            {batch.name !== null && <Icon name="folder" />}
            {heading}
          </p>
          {!batch.isFromLastTime && <Collect batch={batch} />}
        </div>
      )}
      <Collected batch={batch} />
      <ul class="rows">
        {uploads.slice(0, most).map((upload) => (
          <Row
            key={upload.id}
            upload={upload}
            choose={choose}
            version={upload.version}
            language={language()}
          />
        ))}
      </ul>
      {hidden > 0 && (
        <Button onClick={() => show(most + SHOWN_FIRST * 5)}>{words.moreFiles(hidden)}</Button>
      )}
    </section>
  )
}
