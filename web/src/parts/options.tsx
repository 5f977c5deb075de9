// What of a link can be changed, while it arrives or after: name, expiry, number of downloads.
import {useEffect, useRef, useState} from 'preact/hooks'
import {type Edit, editLink, type Facts, readFacts} from '../api'
import {formatDistance} from '../format'
import {texts} from '../language'
import {whyOf} from './delete'

interface OptionsProps {
  link: string
  linkKey: string
  saved: (facts: Facts) => void
  close: () => void
}

/** Of an empty field "no limit"; anything but a whole number above 0 is not one. */
function limitOf(value: string): number | null | undefined {
  if (value.trim() === '') return null
  const number = Number(value)
  return Number.isInteger(number) && number > 0 ? number : undefined
}

function editOf(form: HTMLFormElement, facts: Facts): Edit {
  const fields = new FormData(form)
  const text = (name: string): string => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : ''
  }
  const edit: Edit = {}
  const name = text('name').trim()
  if (name !== '' && name !== facts.name) edit.name = name
  const expires = text('expires')
  if (expires !== 'keep') edit.expires = expires === 'never' ? null : expires
  const limit = limitOf(text('limit'))
  if (limit !== undefined && limit !== facts.downloads_max) edit.max_downloads = limit
  return edit
}

function Fields({facts}: {facts: Facts}) {
  const words = texts()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const until = facts.expires ? words.expires(formatDistance(facts.expires)) : words.expiresNever
  return (
    <>
      <label class="wide">
        <span>{words.name}</span>
        <input ref={first} name="name" defaultValue={facts.name} maxLength={255} required />
      </label>
      <label>
        <span>{words.expiry}</span>
        <select name="expires" key={facts.expires}>
          <option value="keep">{`${words.keepExpiry} (${until})`}</option>
          <option value="1h">{words.inHour}</option>
          <option value="1d">{words.inDay}</option>
          <option value="7d">{words.inWeek}</option>
          <option value="30d">{words.inMonth}</option>
          <option value="never">{words.never}</option>
        </select>
      </label>
      <label>
        <span>{words.downloadsMax}</span>
        <input
          name="limit"
          type="number"
          min={1}
          max={4294967295}
          step={1}
          inputMode="numeric"
          placeholder={words.unlimited}
          defaultValue={facts.downloads_max === null ? '' : String(facts.downloads_max)}
        />
      </label>
    </>
  )
}

interface Said {
  text: string
  isGood: boolean
}

export function Options({link, linkKey, saved, close}: OptionsProps) {
  const words = texts()
  const [facts, learn] = useState<Facts | null>(null)
  const [said, say] = useState<Said | null>(null)
  const fail = (error: unknown): void => {
    say({text: texts().editFailed(whyOf(error)), isGood: false})
  }
  useEffect(() => {
    readFacts(link).then(learn, fail)
  }, [link])
  if (!facts) return <p class="quiet">{said?.text ?? words.loading}</p>
  const submit = async (form: HTMLFormElement): Promise<void> => {
    try {
      const now = await editLink(link, linkKey, editOf(form, facts))
      learn(now)
      saved(now)
      say({text: texts().saved, isGood: true})
    } catch (error) {
      fail(error)
    }
  }
  return (
    <form
      class="options"
      onSubmit={(event) => {
        event.preventDefault()
        void submit(event.currentTarget)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <Fields facts={facts} />
      <div class="actions wide">
        <button type="submit" class="button primary">
          {words.save}
        </button>
        <button type="button" class="button" onClick={close}>
          {words.hide}
        </button>
        <span class={said?.isGood === false ? 'problem' : 'good'} role="status">
          {said?.text}
        </span>
      </div>
    </form>
  )
}
