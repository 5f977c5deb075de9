// The page of a link: live while the file arrives, a look at it when it is there.
import {expect, file, MB, textFile, until} from '../visit.mjs'

/** A picture of one dot. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA' +
  'AABJRU5ErkJggg=='

/** One upload of 4 MB by hand: `send` sends the next bytes of it. */
async function byHand(server, name, size) {
  const metadata = `filename ${Buffer.from(name).toString('base64')}`
  const headers = {'Tus-Resumable': '1.0.0'}
  const made = await fetch(`${server.origin}/files/`, {
    method: 'POST',
    headers: {...headers, 'Upload-Length': String(size), 'Upload-Metadata': metadata},
  })
  const address = made.headers.get('Location')
  const link = made.headers.get('Sluice-Link').split('/').at(-2)
  const key = made.headers.get('Sluice-Key')
  let offset = 0
  const send = async (bytes) => {
    const answer = await fetch(address, {
      method: 'PATCH',
      headers: {
        ...headers,
        'Upload-Offset': String(offset),
        'Content-Type': 'application/offset+octet-stream',
      },
      body: bytes,
    })
    expect(answer.status === 204, `PATCH answered ${answer.status}`)
    offset += bytes.length
  }
  return {link, key, send}
}

async function uploaded(server, name, bytes, type) {
  const answer = await fetch(`${server.origin}/${encodeURIComponent(name)}`, {
    method: 'PUT',
    headers: {'Content-Type': type, Accept: 'application/json'},
    body: bytes,
  })
  return answer.json()
}

async function itIsLiveWhileTheFileArrives(visit, server) {
  const {link, send} = await byHand(server, 'live.txt', 4 * MB)
  await send(Buffer.alloc(1 * MB, 'a'))
  const page = visit.page
  await page.goto(`${server.origin}/${link}`)
  await page.getByText('goes on from 25').waitFor()
  const bar = page.getByRole('progressbar')
  await send(Buffer.alloc(1 * MB, 'b'))
  await until(async () => (await bar.getAttribute('aria-valuenow')) === '50', 'half is shown')
  await page.getByRole('link', {name: 'Download now'}).waitFor()
  await send(Buffer.alloc(2 * MB, 'c'))
  await page.locator('.state.is-ready').waitFor()
  expect((await bar.count()) === 0, 'the bar is still there')
  await until(async () => (await page.locator('pre').count()) === 1, 'its beginning is shown')
}

async function aDownloadFollowsTheUpload(visit, server) {
  const {link, send} = await byHand(server, 'follow.bin', 2 * MB)
  await send(Buffer.alloc(1 * MB, 'a'))
  await visit.page.goto(`${server.origin}/${link}`)
  const waiting = visit.page.waitForEvent('download')
  await visit.page.getByRole('link', {name: 'Download now'}).click()
  const download = await waiting
  await send(Buffer.alloc(1 * MB, 'b'))
  let size = 0
  for await (const chunk of await download.createReadStream()) size += chunk.length
  expect(download.suggestedFilename() === 'follow.bin' && size === 2 * MB, `${size} bytes came`)
}

async function aDeletedFileSaysSo(visit, server) {
  const {link, key, send} = await byHand(server, 'short.bin', 2 * MB)
  await send(Buffer.alloc(1 * MB, 'a'))
  await visit.page.goto(`${server.origin}/${link}`)
  await visit.page.getByText('when the sender is back').waitFor()
  await fetch(`${server.origin}/${link}`, {
    method: 'DELETE',
    headers: {Authorization: `Bearer ${key}`},
  })
  await visit.page.getByText('This file was deleted').waitFor()
  expect((await visit.page.getByRole('link', {name: /Download/}).count()) === 0, 'no Download')
}

async function aRestartedServerIsFoundAgain(visit, server) {
  const {link, send} = await byHand(server, 'restart.bin', 2 * MB)
  await send(Buffer.alloc(1 * MB, 'a'))
  await visit.page.goto(`${server.origin}/${link}`)
  await visit.page.getByText('when the sender is back').waitFor()
  await server.kill()
  await visit.page.getByText('connecting again').waitFor()
  await server.start()
  await until(
    async () => (await visit.page.getByText('connecting again').count()) === 0,
    'it is connected again',
    30_000,
  )
  await send(Buffer.alloc(1 * MB, 'b'))
  await visit.page.locator('.state.is-ready').waitFor()
}

async function safeTypesAreShown(visit, server) {
  const dot = Buffer.from(DOT, 'base64')
  const page = visit.page
  const {link} = await uploaded(server, 'dot.png', dot, 'image/png')
  await page.goto(`${server.origin}/${link}`)
  const image = page.getByRole('img', {name: 'dot.png'})
  await until(() => image.evaluate((element) => element.naturalWidth === 1), 'it is drawn')
  const evil = '<script>document.title="evil"</script>'
  for (const type of ['text/html', 'image/svg+xml']) {
    const {link: bad} = await uploaded(server, 'evil.html', evil, type)
    await page.goto(`${server.origin}/${bad}`)
    await page.getByRole('link', {name: 'Download'}).waitFor()
    expect((await page.locator('.preview').count()) === 0, `${type} has a preview`)
  }
  const text = await uploaded(server, 'long.txt', 'long line\n'.repeat(20_000), 'text/plain')
  await page.goto(`${server.origin}/${text.link}`)
  await page.getByText('The first 65.5 kB are shown').waitFor()
}

async function aLimitedLinkIsNotUsedUpByLooking(visit, server) {
  const answer = await fetch(`${server.origin}/once.txt`, {
    method: 'PUT',
    headers: {'Max-Downloads': '1', Accept: 'application/json', 'Content-Type': 'text/plain'},
    body: 'once',
  })
  const {link} = await answer.json()
  await visit.page.goto(`${server.origin}/${link}`)
  await visit.page.getByText('Looking at it counts as a download').waitFor()
  expect((await visit.facts(link)).downloads === 0, 'it was counted')
  await visit.page.getByRole('button', {name: 'Show a preview'}).click()
  await visit.page.getByText('once', {exact: true}).waitFor()
}

async function theHashAndTheCommandAreTold(visit, server) {
  const {link} = await uploaded(server, "it's here.txt", 'hash me', 'text/plain')
  await visit.page.goto(`${server.origin}/${link}`)
  await visit.page
    .getByText('eb201af5aaf0d60629d3d2a61e466cfc0fedb517add831ecac5235e1daa963d6')
    .waitFor()
  const line = await visit.page.locator('code', {hasText: 'curl'}).textContent()
  expect(line.startsWith("curl -o './it'\\''s here.txt' http"), line)
}

async function anUploadIsWatchedFromAnotherPage(visit, server) {
  await visit.home()
  await visit.slow(3 * MB)
  await visit.choose([file('both.bin', 9 * MB), textFile('small.txt', 'small')])
  await visit.state('both.bin', 'sending')
  const {url} = await visit.linkOf('both.bin')
  const other = await visit.newPage()
  await other.goto(url)
  await other.getByText('The file is arriving now').waitFor()
  await other.locator('.state.is-ready').waitFor()
  expect(server.output !== undefined, 'no server')
}

export const links = {
  link_page__arriving__is_live: itIsLiveWhileTheFileArrives,
  link_page__arriving__download_follows: aDownloadFollowsTheUpload,
  link_page__deleted__says_so: aDeletedFileSaysSo,
  link_page__server_restarted__is_found_again: aRestartedServerIsFoundAgain,
  link_page__safe_types__are_shown: safeTypesAreShown,
  link_page__limited__is_not_used_up_by_looking: aLimitedLinkIsNotUsedUpByLooking,
  link_page__hash_and_command__are_told: theHashAndTheCommandAreTold,
  link_page__sender_elsewhere__is_watched: anUploadIsWatchedFromAnotherPage,
}
