// What a screen reader is told without being asked: one polite region, one sentence at a time.
const region = document.createElement('div')
region.className = 'aside'
region.setAttribute('role', 'status')
region.setAttribute('aria-live', 'polite')

export function startAnnouncing(): void {
  document.body.append(region)
}

export function announce(sentence: string): void {
  // The same words again are a change only when they were gone in between.
  region.textContent = ''
  setTimeout(() => {
    region.textContent = sentence
  }, 50)
}
