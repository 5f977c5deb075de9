// What the server knows of links, and changing it with their keys.
import {pathOf} from './base'

export type LinkState = 'arriving' | 'waiting' | 'ready' | 'failed' | 'deleted'

export interface Member {
  name: string
  type: string
  size: number | null
  state: LinkState
  url: string
}

export interface Facts {
  link: string
  url: string
  name: string
  type: string
  size: number | null
  received: number
  stored: number
  state: LinkState
  created: string
  expires: string | null
  digest: Record<string, string>
  downloads: number
  downloads_max: number | null
  files?: Member[]
}

export interface Edit {
  name?: string
  expires?: string | null
  max_downloads?: number | null
}

/** The server said no; `detail` is its own sentence. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail)
  }
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(pathOf(path), {cache: 'no-store', credentials: 'omit', ...init})
  if (!answer.ok) throw new Refusal(answer.status, (await answer.text()).trim())
  return answer
}

export async function readFacts(link: string): Promise<Facts> {
  return (await (await ask(`/api/files/${link}`, {})).json()) as Facts
}

export async function editLink(link: string, key: string, edit: Edit): Promise<Facts> {
  const answer = await ask(`/api/files/${link}`, {
    method: 'PATCH',
    headers: {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'},
    body: JSON.stringify(edit),
  })
  return (await answer.json()) as Facts
}

/** Deletes a link; one that is gone already is fine. */
export async function deleteLink(link: string, key: string): Promise<void> {
  try {
    await ask(`/api/files/${link}`, {method: 'DELETE', headers: {Authorization: `Bearer ${key}`}})
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

export interface Collected {
  link: string
  url: string
  key: string
}

export async function collect(
  files: readonly {link: string; key: string}[],
  name: string,
): Promise<Collected> {
  const answer = await ask('/api/collections', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({files, name}),
  })
  return (await answer.json()) as Collected
}

export function isGone(error: unknown): boolean {
  return error instanceof Refusal && (error.status === 404 || error.status === 410)
}
