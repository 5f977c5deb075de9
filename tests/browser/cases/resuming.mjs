// Uploads that break off in every way go on from what the server has.
import {writeFile} from 'node:fs/promises'
import {pause} from '../server.mjs'
import {expect, file, MB, until} from '../visit.mjs'

const SIZE = 16 * MB
const RATE = 4 * MB

async function begun(visit, name, least = 2 * MB) {
  await visit.home()
  await visit.slow(RATE)
  const one = file(name, SIZE)
  await visit.choose([one])
  await visit.state(name, 'sending')
  const {link} = await visit.linkOf(name)
  await until(async () => (await visit.facts(link)).stored > least, 'some of it is stored')
  return {one, link}
}

async function pauseStopsAndResumeGoesOn(visit) {
  const {one, link} = await begun(visit, 'pausing.bin')
  const row = visit.row('pausing.bin')
  await row.getByRole('button', {name: 'Pause'}).click()
  await visit.state('pausing.bin', 'paused')
  await pause(500)
  const {received} = await visit.facts(link)
  await pause(700)
  expect((await visit.facts(link)).received === received, 'bytes still come')
  await row.getByRole('button', {name: 'Resume'}).click()
  await visit.state('pausing.bin', 'ready')
  expect((await visit.linkOf('pausing.bin')).link === link, 'it has another link now')
  await visit.expectStored('pausing.bin', one.buffer)
}

async function offlineWaitsAndOnlineGoesOn(visit) {
  const {one, link} = await begun(visit, 'train.bin')
  await visit.context.setOffline(true)
  const row = await visit.state('train.bin', 'offline')
  expect((await row.textContent()).includes('No network'), 'the reason is told')
  await pause(500)
  await visit.context.setOffline(false)
  await visit.state('train.bin', 'ready')
  expect((await visit.linkOf('train.bin')).link === link, 'it has another link now')
  await visit.expectStored('train.bin', one.buffer)
}

async function aKilledServerIsWaitedFor(visit, server) {
  const {one, link} = await begun(visit, 'killed.bin')
  await server.kill()
  await visit.state('killed.bin', 'offline')
  await pause(1000)
  await server.start()
  await visit.state('killed.bin', 'ready')
  expect((await visit.linkOf('killed.bin')).link === link, 'it has another link now')
  await visit.expectStored('killed.bin', one.buffer)
}

/** A handle as the browser's own dialog gives it, of a file in the page's private folder. */
function stubPicker() {
  window.showOpenFilePicker = async () => {
    const folder = await navigator.storage.getDirectory()
    const handle = await folder.getFileHandle('kept.bin', {create: true})
    if ((await handle.getFile()).size === 0) {
      const writer = await handle.createWritable()
      await writer.write(Uint8Array.from({length: 16_000_000}, (_, at) => at % 251))
      await writer.close()
    }
    return [handle]
  }
}

async function aReloadWithAHandleGoesOnByItself(visit) {
  await visit.context.addInitScript(stubPicker)
  const page = await visit.home()
  await visit.slow(RATE)
  await page.getByRole('button', {name: 'Choose files'}).click()
  await visit.state('kept.bin', 'sending')
  const {link} = await visit.linkOf('kept.bin')
  await until(async () => (await visit.facts(link)).stored > 3 * MB, 'some of it is stored')
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await visit.state('kept.bin', 'ready')
  expect((await visit.linkOf('kept.bin')).link === link, 'it has another link now')
  const bytes = Buffer.from(Uint8Array.from({length: 16_000_000}, (_, at) => at % 251))
  await visit.expectStored('kept.bin', bytes)
}

async function chooseAgain(page, row, chosen) {
  const choosing = page.waitForEvent('filechooser')
  await row.getByRole('button', {name: 'Choose the file'}).click()
  await (await choosing).setFiles(chosen)
}

async function aReloadWithoutAHandleAsksForTheFile(visit, server) {
  const path = `${server.folder}/again.bin`
  const one = file('again.bin', SIZE)
  await writeFile(path, one.buffer)
  const page = await visit.home()
  await visit.slow(RATE)
  await page.setInputFiles('#files', path)
  await visit.state('again.bin', 'sending')
  const {link} = await visit.linkOf('again.bin')
  await until(async () => (await visit.facts(link)).stored > 3 * MB, 'some of it is stored')
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  const row = await visit.state('again.bin', 'missing')
  expect((await row.textContent()).includes('Choose the same file again'), 'it says what to do')
  await chooseAgain(page, row, file('another.bin', 10))
  await until(async () => (await row.textContent()).includes('another file'), 'it is told apart')
  const stored = (await visit.facts(link)).stored
  await chooseAgain(page, row, path)
  await visit.state('again.bin', 'ready')
  expect(stored > 0 && (await visit.linkOf('again.bin')).link === link, 'it began anew')
  await visit.expectStored('again.bin', one.buffer)
}

async function leavingSaysThatItGoesOn(visit) {
  await begun(visit, 'leaving.bin')
  const page = visit.page
  let isAsked = false
  page.on('dialog', (dialog) => {
    isAsked = true
    void dialog.dismiss()
  })
  await page.locator('h1').click()
  await page.goto('about:blank').catch(() => undefined)
  await until(() => isAsked, 'the browser asks')
  await page.getByText('You can leave this page').waitFor()
}

async function anUploadThatIsGoneBeginsAnew(visit) {
  const {one, link} = await begun(visit, 'gone.bin')
  const row = visit.row('gone.bin')
  await row.getByRole('button', {name: 'Pause'}).click()
  await visit.state('gone.bin', 'paused')
  const list = await visit.page.evaluate(() => localStorage['sluice.uploads'])
  const {key} = JSON.parse(list).find((record) => record.link === link)
  const headers = {Authorization: `Bearer ${key}`}
  await fetch(`${visit.server.origin}/${link}`, {method: 'DELETE', headers})
  await row.getByRole('button', {name: 'Resume'}).click()
  await visit.state('gone.bin', 'failed')
  await row.getByRole('button', {name: 'Retry'}).click()
  await visit.state('gone.bin', 'ready')
  expect((await visit.linkOf('gone.bin')).link !== link, 'the old link can not be back')
  await visit.expectStored('gone.bin', one.buffer)
}

async function aSecondTabLeavesItAlone(visit) {
  const {one} = await begun(visit, 'mine.bin')
  const second = await visit.home(await visit.newPage())
  await pause(800)
  expect((await second.locator('.row').count()) === 0, 'the other tab took the upload over')
  await visit.state('mine.bin', 'ready')
  await visit.expectStored('mine.bin', one.buffer)
}

export const resuming = {
  resume__pause__stops_and_goes_on: pauseStopsAndResumeGoesOn,
  resume__offline__waits_for_online: offlineWaitsAndOnlineGoesOn,
  resume__server_killed__is_waited_for: aKilledServerIsWaitedFor,
  resume__reload_with_handle__goes_on_by_itself: aReloadWithAHandleGoesOnByItself,
  resume__reload_without_handle__asks_for_the_file: aReloadWithoutAHandleAsksForTheFile,
  resume__leaving__says_that_it_goes_on: leavingSaysThatItGoesOn,
  resume__gone__begins_anew: anUploadThatIsGoneBeginsAnew,
  resume__second_tab__leaves_it_alone: aSecondTabLeavesItAlone,
}
