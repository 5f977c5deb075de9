// The SHA-256 of a file, as the server knows it. Small files it computes when it is asked.
import type {Facts} from './api'
import {pathOf} from './base'

/** Above this the server computes in the background, and the page would ask in vain. */
const ASKED_BYTES = 8 * 1024 * 1024

function hexOf(base64: string): string {
  const bytes = Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function readSha256(facts: Facts): Promise<string | null> {
  const known = facts.digest['sha-256']
  if (known) return hexOf(known)
  if (facts.files || (facts.size ?? Infinity) > ASKED_BYTES) return null
  const path = `/${facts.link}/${encodeURIComponent(facts.name)}`
  try {
    // Of HEAD no use of the link is counted.
    const answer = await fetch(pathOf(path), {
      method: 'HEAD',
      headers: {'Want-Repr-Digest': 'sha-256=1'},
    })
    const told = /sha-256=:([^:]+):/.exec(answer.headers.get('Repr-Digest') ?? '')?.[1]
    return told ? hexOf(told) : null
  } catch {
    return null
  }
}
