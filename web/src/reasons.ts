// Why an upload stands still, and whether it goes on by itself.
import {Refusal} from './api'
import {texts} from './language'

export type Reason =
  | {kind: 'youAreOffline' | 'unreachable' | 'serverBusy'}
  | {kind: 'tooLarge' | 'noSpace' | 'uploadGone' | 'unreadable'}
  | {kind: 'chooseAgain' | 'allowAgain'}
  | {kind: 'refused'; detail: string}
  | {kind: 'otherFile'; detail: string}

export function wordsOf(reason: Reason): string {
  return 'detail' in reason ? texts()[reason.kind](reason.detail) : texts()[reason.kind]
}

/** Whether trying again later, without anybody doing anything, makes sense. */
export function isPassing(reason: Reason): boolean {
  return (
    reason.kind === 'youAreOffline' || reason.kind === 'unreachable' || reason.kind === 'serverBusy'
  )
}

/** What a status says of an upload. 409 and 423: another connection is writing, or the offset is
 * not what we thought; asking again settles both. */
function reasonOfStatus(status: number, detail: string): Reason {
  if (status === 404 || status === 410) return {kind: 'uploadGone'}
  if (status === 413) return {kind: 'tooLarge'}
  if (status === 507) return {kind: 'noSpace'}
  if ([408, 409, 423, 425, 429].includes(status) || status >= 500) return {kind: 'serverBusy'}
  return {kind: 'refused', detail: detail || `HTTP ${status}`}
}

/** The part of tus-js-client's errors that tells of an answer. */
interface WithResponse {
  originalResponse?: {getStatus(): number; getBody(): string} | null
  causingError?: Error | null
}

export function reasonOf(error: unknown): Reason {
  if (error instanceof Refusal) return reasonOfStatus(error.status, error.detail)
  const {originalResponse, causingError} = error as WithResponse
  const status = originalResponse?.getStatus() ?? 0
  if (originalResponse && status > 0)
    return reasonOfStatus(status, originalResponse.getBody().trim())
  const name = causingError?.name ?? (error as Error).name
  if (name === 'NotReadableError' || name === 'NotFoundError') return {kind: 'unreadable'}
  return {kind: navigator.onLine ? 'unreachable' : 'youAreOffline'}
}
