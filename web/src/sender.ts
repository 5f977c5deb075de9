// The bytes of one upload on their way, by tus-js-client: from one start to its end or its first
// error. Retrying is not done here, so that the upload can tell what it waits for.
import {Upload as Tus} from 'tus-js-client'
import {linkIn} from './base'
import {type Created, endpoint} from './creation'

/** Below what proxies let through in one request (100 MB is a usual limit). */
const CHUNK_BYTES = 64 * 1024 * 1024
/** So small a file goes with its creation: one request instead of three. */
export const SMALL_BYTES = 256 * 1024

export interface Ear {
  created(created: Created): void
  sent(bytes: number): void
  stored(bytes: number): void
  done(): void
  failed(error: unknown): void
}

/** Sends the file to `address`, or creates its upload with the bytes in the same request. Returns
 * a function that stops it; nothing is heard afterwards. */
export function send(file: File, address: string | null, ear: Ear): () => void {
  let isStopped = false
  const whileHeard = (act: () => void): void => {
    if (!isStopped) act()
  }
  const tus = new Tus(file, {
    // Without an endpoint tus-js-client can't make another upload when this one is out of reach.
    ...(address === null ? {endpoint: endpoint()} : {uploadUrl: address}),
    uploadDataDuringCreation: true,
    chunkSize: CHUNK_BYTES,
    retryDelays: null,
    storeFingerprintForResuming: false,
    metadata: file.type === '' ? {filename: file.name} : {filename: file.name, filetype: file.type},
    onProgress: (bytes) => whileHeard(() => ear.sent(bytes)),
    onChunkComplete: (_, bytes) => whileHeard(() => ear.stored(bytes)),
    onSuccess: () => whileHeard(() => ear.done()),
    onError: (error) => whileHeard(() => ear.failed(error)),
    onAfterResponse: (_, response) => {
      const link = linkIn(response.getHeader('Sluice-Link') ?? '')
      const key = response.getHeader('Sluice-Key')
      const made = response.getHeader('Location')
      if (link && key && made)
        whileHeard(() => ear.created({link, key, address: new URL(made, location.href).href}))
    },
  })
  tus.start()
  return () => {
    isStopped = true
    void tus.abort()
  }
}
