// Which language the page speaks: the visitor's choice, else the first of the browser's languages
// that we have, else English.
import {en, type Texts} from './texts/en'
import {ru} from './texts/ru'

export type Language = 'en' | 'ru'

const tables: Record<Language, Texts> = {en, ru}
const CHOICE = 'sluice.language'

function known(tag: string | null | undefined): Language | null {
  const short = tag?.slice(0, 2).toLowerCase()
  return short === 'en' || short === 'ru' ? short : null
}

function chosen(): string | null {
  try {
    return localStorage.getItem(CHOICE)
  } catch {
    return null // a browser that keeps nothing
  }
}

function wanted(): Language {
  for (const tag of [chosen(), ...navigator.languages]) {
    const language = known(tag)
    if (language) return language
  }
  return 'en'
}

let current: Language = wanted()
let changed: () => void = () => undefined

export const languages: readonly {code: Language; name: string}[] = [
  {code: 'en', name: 'English'},
  {code: 'ru', name: 'Русский'},
]

/** The words of the language that is spoken now. */
export function texts(): Texts {
  return tables[current]
}

export function language(): Language {
  return current
}

export function speak(code: Language): void {
  current = code
  try {
    localStorage.setItem(CHOICE, code)
  } catch {
    // It holds for this visit then.
  }
  applyLanguage()
}

function applyLanguage(): void {
  document.documentElement.lang = current
  changed()
}

/** Tells the document its language; `render` is called whenever another one was chosen. */
export function startLanguage(render: () => void): void {
  changed = render
  applyLanguage()
}
