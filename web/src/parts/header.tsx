// The name of the place, and the languages that it speaks.
import {pathOf} from '../base'
import {language, languages, speak, texts} from '../language'

export function Header() {
  return (
    <header>
      <a class="brand" href={pathOf('/')}>
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M7 12c3-3 6-3 9 0s6 3 9 0M7 20c3-3 6-3 9 0s6 3 9 0" />
        </svg>
        Sluice
      </a>
      <div class="languages" role="group" aria-label={texts().language}>
        {languages.map(({code, name}) => (
          <button
            key={code}
            type="button"
            lang={code}
            aria-pressed={language() === code}
            onClick={() => speak(code)}
          >
            {name}
          </button>
        ))}
      </div>
    </header>
  )
}
