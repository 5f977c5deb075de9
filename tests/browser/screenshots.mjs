// Pictures of every state of the page, for looking at and for the README:
// node screenshots.mjs FOLDER. All widths, languages and colour schemes unless SLUICE_SHOTS names
// some: SLUICE_SHOTS=1200-light-en.
import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {pause, Server} from './server.mjs'
import {file, launch, MB, textFile, until, Visit} from './visit.mjs'

const FOLDER = process.argv[2] ?? 'screenshots'
const TOGETHER = 36 * MB

function variants() {
  const all = []
  for (const width of [1200, 320])
    for (const colorScheme of ['light', 'dark'])
      for (const locale of ['en-GB', 'ru-RU'])
        all.push({width, colorScheme, locale, id: `${width}-${colorScheme}-${locale.slice(0, 2)}`})
  const wanted = process.env.SLUICE_SHOTS?.split(',')
  return wanted ? all.filter(({id}) => wanted.includes(id)) : all
}

function picture() {
  const width = 320
  const height = 200
  const head = Buffer.alloc(54)
  head.write('BM')
  head.writeUInt32LE(54 + width * height * 3, 2)
  head.writeUInt32LE(54, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(width, 18)
  head.writeInt32LE(height, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(24, 28)
  const dots = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at += 1) {
    const x = at % width
    const y = Math.floor(at / width)
    const isHill = y < 60 + 25 * Math.sin(x / 45)
    dots.set(isHill ? [90, 120 + y, 40] : [235 - y / 4, 190 - y / 3, 120 + y / 3], at * 3)
  }
  return Buffer.concat([head, dots])
}

async function shoot(page, id, name) {
  await page.screenshot({path: join(FOLDER, `${id}-${name}.png`), fullPage: true})
}

async function uploading(visit, id) {
  const {page} = visit
  await visit.home()
  await shoot(page, id, '1-empty')
  await visit.slow(3 * MB)
  await visit.choose([
    file('Holiday film.mp4', TOGETHER, 'video/mp4'),
    file('backup-2026-11.tar.gz', TOGETHER / 4, 'application/gzip'),
  ])
  await visit.choose([{name: 'sunset.bmp', mimeType: 'image/bmp', buffer: picture()}])
  await visit.state('sunset.bmp', 'ready')
  await visit.row('backup-2026-11.tar.gz').locator('.link').waitFor()
  await visit.row('backup-2026-11.tar.gz').locator('.row-head .button').click()
  await visit.state('backup-2026-11.tar.gz', 'paused')
  await pause(2200)
  await shoot(page, id, '2-uploading')
}

async function looking(visit, id) {
  const {url} = await visit.linkOf('Holiday film.mp4')
  const other = await visit.newPage()
  await other.goto(url)
  await other.locator('.bar').waitFor()
  await pause(700)
  await shoot(other, id, '3-link-arriving')
  await visit.row('Holiday film.mp4').locator('.row-head .button').click()
  await other.locator('.status.is-waiting').waitFor()
  await shoot(other, id, '4-link-waiting')
  await other.goto((await visit.linkOf('sunset.bmp')).url)
  await until(() => other.locator('img').evaluate((image) => image.complete), 'the picture')
  await pause(300)
  await shoot(other, id, '5-link-picture')
  await other.close()
}

async function troubles(visit, id) {
  const {page} = visit
  await visit.row('sunset.bmp').locator('.ghosts .button').nth(1).click()
  await visit.choose([file('disk-image.iso', 45 * MB)])
  await visit.state('disk-image.iso', 'failed')
  await visit.row('Holiday film.mp4').locator('.row-head .button').click()
  await visit.state('Holiday film.mp4', 'sending')
  await visit.context.setOffline(true)
  await visit.state('Holiday film.mp4', 'offline')
  await pause(300)
  await shoot(page, id, '6-troubles')
  await visit.context.setOffline(false)
  await visit.state('Holiday film.mp4', 'sending')
}

async function leftovers(visit, id) {
  const {page} = visit
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await visit.state('Holiday film.mp4', 'missing')
  await page.locator('summary').click()
  await page.locator('.mine .item').nth(2).waitFor()
  await pause(500)
  await shoot(page, id, '7-after-reload')
  await visit.choose([textFile('a.txt', 'a'), textFile('b.txt', 'b')])
  await visit.state('a.txt', 'ready')
  await visit.row('a.txt').locator('.ghosts .button').nth(2).click()
  await visit.row('a.txt').locator('form').waitFor()
  await visit.row('b.txt').locator('.ghosts .button').nth(3).click()
  await page.locator('.batch-head .button').first().click()
  await pause(600)
  await shoot(page, id, '8-options')
  const link = page.locator('.collected .link')
  if ((await link.count()) === 0) return
  await page.goto(await link.inputValue())
  await page.locator('.item').first().waitFor()
  await shoot(page, id, '9-collection')
}

async function main() {
  await mkdir(FOLDER, {recursive: true})
  const browser = await launch()
  for (const {id, width, colorScheme, locale} of variants()) {
    const server = await new Server(['--max-size', '40MiB']).open()
    const viewport = {width, height: width > 600 ? 800 : 640}
    const visit = await new Visit(browser, server).open({viewport, colorScheme, locale})
    for (const part of [uploading, looking, troubles, leftovers]) await part(visit, id)
    await visit.context.close()
    await server.close()
    console.log(id)
  }
  await browser.close()
}

await main()
