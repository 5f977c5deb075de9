// Deleting for good: the first press asks, the second one does it. The button stays where it is,
// so that the focus does, too.
import {useEffect, useState} from 'preact/hooks'
import {announce} from '../announce'
import {texts} from '../language'
import {Button} from './icons'

const ASKED_MS = 5000

/** What went wrong, in words for a sentence. */
export function whyOf(error: unknown): string {
  return error instanceof TypeError ? texts().noAnswer : (error as Error).message
}

export function DeleteButton({name, remove}: {name: string; remove: () => Promise<void>}) {
  const words = texts()
  const [isAsked, ask] = useState(false)
  const [problem, tell] = useState('')
  useEffect(() => {
    if (!isAsked) return
    const timer = setTimeout(() => ask(false), ASKED_MS)
    return () => clearTimeout(timer)
  }, [isAsked])
  const press = async (): Promise<void> => {
    if (!isAsked) {
      ask(true)
      announce(words.deleteSure)
      return
    }
    ask(false)
    try {
      await remove()
      announce(`${name}: ${words.deleted}`)
    } catch (error) {
      tell(words.deleteFailed(whyOf(error)))
    }
  }
  return (
    <>
      <Button
        icon="trash"
        kind={isAsked ? 'danger' : undefined}
        label={`${isAsked ? words.deleteSure : words.delete} ${name}`}
        onClick={() => void press()}
      >
        {isAsked ? words.deleteSure : words.delete}
      </Button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  )
}
