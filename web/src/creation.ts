// Beginning an upload before its bytes go: the server reserves the space and tells the link, which
// can then be handed on while the file waits for its turn. Plain tus 1.0.0 creation.
import {Refusal} from './api'
import {linkIn, pathOf} from './base'

export interface Created {
  address: string
  link: string
  key: string
}

/** Where new uploads are made. */
export function endpoint(): string {
  return pathOf('/files/')
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

export async function createUpload(file: File, signal: AbortSignal): Promise<Created> {
  const type = file.type === '' ? '' : `,filetype ${base64(file.type)}`
  const answer = await fetch(endpoint(), {
    method: 'POST',
    credentials: 'omit',
    signal,
    headers: {
      'Tus-Resumable': '1.0.0',
      'Upload-Length': String(file.size),
      'Upload-Metadata': `filename ${base64(file.name)}${type}`,
    },
  })
  if (!answer.ok) throw new Refusal(answer.status, (await answer.text()).trim())
  const address = answer.headers.get('Location')
  const link = linkIn(answer.headers.get('Sluice-Link') ?? '')
  const key = answer.headers.get('Sluice-Key')
  if (!address || !link || !key) throw new Refusal(502, 'the answer has no link')
  return {address: new URL(address, location.href).href, link, key}
}
