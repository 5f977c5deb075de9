// Files become links: chosen, dropped, pasted, whole folders.
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, file, MB, sha256, textFile, until} from '../visit.mjs'

async function severalFilesShowRealProgress(visit) {
  const page = await visit.home()
  await visit.slow(6 * MB)
  const files = [file('one.bin', 9 * MB), file('two.bin', 6 * MB), textFile('three.txt', 'three')]
  await visit.choose(files)
  const seen = new Set()
  const bar = visit.row('one.bin').getByRole('progressbar')
  await until(async () => {
    if ((await bar.count()) > 0) seen.add(Number(await bar.getAttribute('aria-valuenow')))
    return (await visit.row('one.bin').getAttribute('data-state')) === 'ready'
  }, 'one.bin becomes ready')
  const between = [...seen].filter((percent) => percent > 0 && percent < 100)
  expect(between.length >= 3, `progress seen: ${[...seen].join(' ')}`)
  expect(
    [...seen].every((percent, at, all) => at === 0 || percent >= all[at - 1]),
    'it went back',
  )
  for (const {name, buffer} of files) {
    await visit.state(name, 'ready')
    await visit.expectStored(name, buffer)
  }
  await until(async () => (await page.title()).startsWith('✓'), 'the title says that it is done')
}

async function theLinkIsThereFromTheBeginning(visit) {
  const page = await visit.home()
  await visit.slow(1 * MB)
  const names = ['a.bin', 'b.bin', 'c.bin', 'd.bin', 'e.bin', 'f.bin']
  await visit.choose(names.map((name) => file(name, 5 * MB)))
  await until(async () => (await page.locator('.link').count()) === names.length, 'six links')
  const {link} = await visit.linkOf('f.bin')
  const facts = await visit.facts(link)
  expect(facts.name === 'f.bin' && facts.state !== 'ready', JSON.stringify(facts))
  await until(async () => /^\d+.?% · Sluice$/.test(await page.title()), 'the title tells percents')
  const icon = await page.locator('link[rel="icon"]').getAttribute('href')
  expect(icon.startsWith('data:image/png'), 'the icon shows progress')
}

async function theServersTruthIsShown(visit) {
  const page = await visit.home()
  await visit.slow(3 * MB)
  await visit.choose([file('film.bin', 12 * MB)])
  await visit.state('film.bin', 'sending')
  const width = () =>
    visit
      .row('film.bin')
      .locator('.bar-stored')
      .evaluate((bar) => bar.style.width)
  await until(async () => parseFloat(await width()) > 5, 'stored bytes are told by the server')
  expect((await page.locator('.overall').textContent()).includes('left'), 'no time left is told')
}

async function droppedFilesAreTaken(visit) {
  const page = await visit.home()
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer()
    transfer.items.add(new File(['dropped'], 'dropped.txt', {type: 'text/plain'}))
    return transfer
  })
  await page.dispatchEvent('body', 'dragenter', {dataTransfer: data})
  await page.waitForSelector('.drop.is-over')
  await page.dispatchEvent('footer', 'drop', {dataTransfer: data})
  await visit.state('dropped.txt', 'ready')
  await visit.expectStored('dropped.txt', Buffer.from('dropped'))
}

async function pastedTextAndImagesAreTaken(visit) {
  const page = await visit.home()
  const paste = (make) =>
    page.evaluate((kind) => {
      const clipboardData = new DataTransfer()
      if (kind === 'text') clipboardData.setData('text/plain', 'привет')
      else clipboardData.items.add(new File(['png'], 'image.png', {type: 'image/png'}))
      document.body.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}))
    }, make)
  await paste('text')
  await paste('image')
  const rows = page.locator('.row[data-state="ready"]')
  await until(async () => (await rows.count()) === 2, 'two rows are ready')
  const names = await rows.locator('.name').allTextContents()
  expect(/^image \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\.png$/.test(names[0]), names[0])
  expect(/^text .*\.txt$/.test(names[1]), names[1])
  await visit.expectStored(names[1], Buffer.from('привет'))
}

async function aFolderBecomesItsFiles(visit, server) {
  const page = await visit.home()
  const folder = join(server.folder, 'holiday')
  await mkdir(join(folder, 'day one'), {recursive: true})
  await writeFile(join(folder, 'plan.txt'), 'plan')
  await writeFile(join(folder, 'day one', 'photo.txt'), 'photo')
  await page.setInputFiles('#folder', folder)
  await visit.state('plan.txt', 'ready')
  await visit.state('photo.txt', 'ready')
  expect((await page.locator('.batch-name').textContent()) === 'holiday', 'the folder is named')
}

async function anEmptyFileIsAFile(visit) {
  await visit.home()
  await visit.choose([{name: 'empty', mimeType: '', buffer: Buffer.alloc(0)}])
  await visit.state('empty', 'ready')
  await visit.expectStored('empty', Buffer.alloc(0))
}

async function manySmallFilesAllArrive(visit) {
  const page = await visit.home()
  const files = Array.from({length: 250}, (_, at) => textFile(`small ${at}.txt`, `number ${at}`))
  await visit.choose(files)
  await until(
    async () => (await page.locator('#uploads').textContent()) === '250 files ready',
    'all are ready',
    60_000,
  )
  expect((await page.locator('.row').count()) === 100, 'not all rows are drawn at once')
  await page.getByRole('button', {name: 'Show 150 files more'}).click()
  await visit.expectStored('small 249.txt', Buffer.from('number 249'))
}

const refusedFilesSayWhy = {
  flags: ['--max-size', '1MiB'],
  async run(visit) {
    await visit.home()
    await visit.choose([file('large.bin', 2 * MB), textFile('fits.txt', 'fits')])
    const row = await visit.state('large.bin', 'failed')
    expect((await row.textContent()).includes('larger than this server accepts'), 'the reason')
    await row.getByRole('button', {name: 'Retry'}).click()
    await visit.state('large.bin', 'failed')
    await visit.state('fits.txt', 'ready')
  },
}

async function optionsAreChangedWhileItRuns(visit) {
  await visit.home()
  await visit.slow(2 * MB)
  const one = file('draft.bin', 8 * MB)
  await visit.choose([one])
  const row = await visit.state('draft.bin', 'sending')
  await row.getByRole('button', {name: 'Options'}).click()
  await row.getByLabel('Name').fill('final.bin')
  await row.getByLabel('Link expires').selectOption('7d')
  await row.getByLabel('Downloads at most').fill('3')
  const {link} = await visit.linkOf('draft.bin')
  await row.getByRole('button', {name: 'Save'}).click()
  await until(async () => (await visit.facts(link)).name === 'final.bin', 'the server has the name')
  const facts = await visit.facts(link)
  expect(facts.downloads_max === 3 && facts.expires !== null, JSON.stringify(facts))
  await visit.state('final.bin', 'ready')
  await visit.expectStored('final.bin', one.buffer)
}

async function deletingAsksOnceAndIsFinal(visit) {
  const page = await visit.home()
  await visit.choose([textFile('regret.txt', 'regret')])
  const row = await visit.state('regret.txt', 'ready')
  const {url} = await visit.linkOf('regret.txt')
  await row.getByRole('button', {name: 'Delete regret.txt'}).click()
  await row.getByRole('button', {name: 'Really delete? regret.txt'}).click()
  await visit.state('regret.txt', 'deleted')
  expect((await fetch(url)).status === 404, 'it is still there')
  const isIn = await row.evaluate((element) => element.contains(document.activeElement))
  expect(isIn, 'the focus was lost')
  expect((await page.evaluate(() => localStorage['sluice.uploads'] ?? '')) !== null, 'no list')
}

async function namesAreOnlyEverText(visit) {
  const page = await visit.home()
  const name = '<img src=x onerror=alert(1)>&quot;.txt'
  await visit.choose([textFile(name, 'x'.repeat(10))])
  await visit.state(name, 'ready')
  const {url} = await visit.linkOf(name)
  expect((await page.locator('img').count()) === 0, 'the name became markup')
  await page.goto(url)
  await page.getByRole('heading', {name, exact: true}).waitFor()
  expect((await page.locator('img').count()) === 0, 'the name became markup on its page')
}

async function copyAndQrCode(visit) {
  await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await visit.home()
  await visit.choose([textFile('copy.txt', 'copy')])
  const row = await visit.state('copy.txt', 'ready')
  const {url} = await visit.linkOf('copy.txt')
  await row.getByRole('button', {name: 'Copy link: copy.txt'}).click()
  await row.getByRole('button', {name: 'Copied'}).waitFor()
  expect(
    (await page.evaluate(() => navigator.clipboard.readText())) === url,
    'not in the clipboard',
  )
  await row.getByRole('button', {name: 'QR code'}).click()
  await row.getByRole('img', {name: /^QR code/}).waitFor()
  expect(sha256(Buffer.from(url)).length === 64, url)
}

async function manyFilesBecomeOneLink(visit) {
  const page = await visit.home()
  const files = [textFile('one.txt', 'first'), file('two.bin', 1 * MB)]
  await visit.choose(files)
  for (const {name} of files) await visit.state(name, 'ready')
  await page.getByRole('button', {name: 'One link for 2 files'}).click()
  const url = await page.locator('.collected .link').inputValue()
  await page.goto(url)
  for (const {name, buffer} of files) {
    const waiting = page.waitForEvent('download')
    await page.getByRole('link', {name: `Download ${name}`}).click()
    const chunks = []
    for await (const chunk of await (await waiting).createReadStream()) chunks.push(chunk)
    expect(sha256(Buffer.concat(chunks)) === sha256(buffer), `${name} came back as something else`)
  }
}

export const uploads = {
  upload__several_files__show_real_progress: severalFilesShowRealProgress,
  upload__link__is_there_from_the_beginning: theLinkIsThereFromTheBeginning,
  upload__stored__is_what_the_server_says: theServersTruthIsShown,
  upload__drop__takes_files: droppedFilesAreTaken,
  upload__paste__takes_text_and_images: pastedTextAndImagesAreTaken,
  upload__folder__becomes_its_files: aFolderBecomesItsFiles,
  upload__empty_file__is_a_file: anEmptyFileIsAFile,
  upload__many_small_files__all_arrive: manySmallFilesAllArrive,
  upload__refused__says_why: refusedFilesSayWhy,
  upload__options__change_while_it_runs: optionsAreChangedWhileItRuns,
  upload__delete__asks_once_and_is_final: deletingAsksOnceAndIsFinal,
  upload__names__are_only_text: namesAreOnlyEverText,
  upload__link__is_copied_and_drawn: copyAndQrCode,
  upload__collection__is_one_link: manyFilesBecomeOneLink,
}
