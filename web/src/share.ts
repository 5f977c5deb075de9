// Handing a link on: the clipboard, and the system's own sheet where there is one.

/** Outside of secure contexts there is no clipboard to write to, but the old command works. */
function copyOldWay(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'aside'
  document.body.append(area)
  const focused = document.activeElement
  area.select()
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way over plain HTTP
    return document.execCommand('copy')
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
  }
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyOldWay(text)
  }
}

/** Phones and tablets: elsewhere the button would say little that Copy doesn't. */
export function canShare(): boolean {
  return 'share' in navigator && matchMedia('(pointer: coarse)').matches
}

export async function share(title: string, url: string): Promise<void> {
  try {
    await navigator.share({title, url})
  } catch {
    // Closed without choosing.
  }
}
