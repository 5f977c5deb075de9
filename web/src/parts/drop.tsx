// Where files come from: dropped anywhere on the page, chosen, or a folder.
import {useEffect, useRef, useState} from 'preact/hooks'
import {type Chosen, hasPicker, pickFiles, sourcesOfDrop, sourcesOfFiles} from '../folders'
import {texts} from '../language'
import {Button, Icon} from './icons'

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') === true
}

/** Whether files are held over the page now; dropping them is heard everywhere. */
function useDrop(chosen: (chosen: Chosen) => void): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const ending = new AbortController()
    const {signal} = ending
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    addEventListener('dragenter', over, {signal})
    addEventListener('dragover', over, {signal})
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), {
      signal,
    })
    addEventListener(
      'drop',
      (event) => {
        setOver(false)
        if (!hasFiles(event) || !event.dataTransfer) return
        event.preventDefault()
        void sourcesOfDrop(event.dataTransfer.items).then(chosen)
      },
      {signal},
    )
    return () => ending.abort()
  }, [chosen])
  return isOver
}

interface DropProps {
  isSmall: boolean
  chosen: (chosen: Chosen) => void
}

export function Drop({isSmall, chosen}: DropProps) {
  const words = texts()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const isOver = useDrop(chosen)
  useEffect(() => {
    if (folder.current) folder.current.webkitdirectory = true
  }, [])
  const taken = (event: {currentTarget: HTMLInputElement}): void => {
    const input = event.currentTarget
    if (input.files) chosen(sourcesOfFiles(input.files))
    input.value = ''
  }
  const choose = async (): Promise<void> => {
    if (!hasPicker()) {
      files.current?.click()
      return
    }
    const picked = await pickFiles()
    if (picked) chosen(picked)
  }
  return (
    <section class={`drop${isSmall ? ' is-small' : ''}${isOver ? ' is-over' : ''}`}>
      <span class="drop-mark">
        <Icon name="upload" />
      </span>
      <h1>{isOver ? words.dropNow : words.dropTitle}</h1>
      <p class="quiet">{words.dropHint}</p>
      <div class="actions">
        <button id="choose" type="button" class="button primary" onClick={() => void choose()}>
          {words.chooseFiles}
        </button>
        {'webkitdirectory' in HTMLInputElement.prototype && (
          <Button icon="folder" onClick={() => folder.current?.click()}>
            {words.chooseFolder}
          </Button>
        )}
      </div>
      <input ref={files} id="files" type="file" multiple hidden onChange={taken} />
      <input ref={folder} id="folder" type="file" hidden onChange={taken} />
    </section>
  )
}
