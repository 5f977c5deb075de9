// Ctrl+V anywhere on the page: files as they are, an image named by the time, text as a .txt.
import {sourcesOfFiles, type Chosen} from './folders'

function stamp(): string {
  const now = new Date()
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '-')
}

/** Every pasted picture is called image.png; the time tells them apart. */
function named(file: File): File {
  if (!/^image\.\w+$/.test(file.name)) return file
  const name = file.name.replace('image', `image ${stamp()}`)
  return new File([file], name, {type: file.type, lastModified: file.lastModified})
}

function isForTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement) return true
  return target instanceof HTMLInputElement && !target.readOnly && target.type !== 'file'
}

export function startPaste(chosen: (chosen: Chosen) => void): void {
  addEventListener('paste', (event) => {
    if (isForTyping(event.target) || !event.clipboardData) return
    const files = [...event.clipboardData.files].map(named)
    const text = event.clipboardData.getData('text/plain')
    if (files.length === 0 && text !== '')
      files.push(new File([text], `text ${stamp()}.txt`, {type: 'text/plain'}))
    if (files.length === 0) return
    event.preventDefault()
    chosen(sourcesOfFiles(files))
  })
}
