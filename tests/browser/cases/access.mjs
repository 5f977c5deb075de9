// For everyone: keyboard only, screen readers, small screens, slow lines.
import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {expect, file, MB, textFile, until} from '../visit.mjs'

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

async function expectAccessible(page, where) {
  // Evaluated by the debugger: the policy of the page lets no other script in.
  await page.evaluate(axeSource)
  const {violations} = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  const told = violations.map(
    ({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 160)).join(' | ')}`,
  )
  expect(violations.length === 0, `${where}: ${told.join('\n')}`)
}

async function everyState(visit, look) {
  const page = await visit.home()
  await look(page, 'nothing yet')
  await visit.slow(1 * MB)
  await visit.choose([file('on its way.bin', 6 * MB), file('waits.bin', 5 * MB)])
  await visit.choose([textFile('done.txt', 'done')])
  await visit.state('done.txt', 'ready')
  await visit.state('on its way.bin', 'sending')
  await visit.row('waits.bin').getByRole('button', {name: 'Pause'}).click()
  await visit.state('waits.bin', 'paused')
  await visit
    .row('done.txt')
    .getByRole('button', {name: /^(Options|Настройки)/})
    .click()
  await visit.row('done.txt').locator('form').waitFor()
  await visit.row('done.txt').getByRole('button', {name: /QR/}).click()
  await page.locator('summary').click()
  await page.locator('.mine .item').first().waitFor()
  await look(page, 'uploads, options, QR code and my uploads')
  await visit.context.setOffline(true)
  await visit.state('on its way.bin', 'offline')
  await look(page, 'offline')
  await visit.context.setOffline(false)
  const {url} = await visit.linkOf('on its way.bin')
  const done = await visit.linkOf('done.txt')
  const other = await visit.newPage()
  await other.goto(url)
  await other.locator('.status').waitFor()
  await look(other, 'link page, arriving')
  await other.goto(done.url)
  await other.locator('pre').waitFor()
  await look(other, 'link page, ready')
}

function axeIn(colorScheme) {
  return {
    options: {colorScheme, reducedMotion: 'reduce'},
    run: (visit) => everyState(visit, expectAccessible),
  }
}

async function expectNoSidewaysScrolling(page, where) {
  const [wide, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ])
  expect(wide <= seen, `${where}: ${wide} pixels wide`)
}

const smallScreen = {
  options: {viewport: {width: 320, height: 640}},
  async run(visit) {
    await everyState(visit, expectNoSidewaysScrolling)
    const page = await visit.home()
    await page.getByRole('button', {name: 'Русский'}).click()
    const name = `${'очень-длинное-имя-'.repeat(5)}.txt`
    await visit.choose([textFile(name, 'x')])
    await visit.state(name, 'ready')
    await expectNoSidewaysScrolling(page, 'a long name in Russian')
    await page.goto((await visit.linkOf(name)).url)
    await page.locator('pre').waitFor()
    await expectNoSidewaysScrolling(page, 'its page in Russian')
  },
}

/** Presses Tab until something has the focus whose accessible name begins so. */
async function tabTo(page, name) {
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab')
    const told = await page.evaluate(() => {
      const element = document.activeElement
      return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })
    if (told.trim().startsWith(name)) return
  }
  throw new Error(`${name} can't be reached by Tab`)
}

async function keyboardAlone(visit) {
  await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await visit.context.addInitScript(() => {
    window.showOpenFilePicker = undefined
  })
  const page = await visit.home()
  await visit.slow(2 * MB)
  const choosing = page.waitForEvent('filechooser')
  await tabTo(page, 'Choose files')
  await page.keyboard.press('Enter')
  await (await choosing).setFiles([file('keys.bin', 8 * MB)])
  const row = await visit.state('keys.bin', 'sending')
  await row.locator('.link').waitFor()
  await tabTo(page, 'Pause: keys.bin')
  await page.keyboard.press('Enter')
  await visit.state('keys.bin', 'paused')
  await page.keyboard.press('Space')
  await until(async () => (await row.getAttribute('data-state')) !== 'paused', 'it goes on')
  await tabTo(page, 'Copy link: keys.bin')
  await page.keyboard.press('Enter')
  await row.getByRole('button', {name: 'Copied'}).waitFor()
  await visit.state('keys.bin', 'ready')
  const isKept = await row.evaluate((element) => element.contains(document.activeElement))
  expect(isKept, 'the focus was lost when the state changed')
  await tabTo(page, 'Options: keys.bin')
  await page.keyboard.press('Enter')
  await row.locator('form').waitFor()
  await until(
    () => row.getByLabel('Name').evaluate((field) => field === document.activeElement),
    'focus',
  )
  await page.keyboard.press('Escape')
  await until(async () => (await row.locator('form').count()) === 0, 'Escape closes the options')
  await until(
    () => page.evaluate(() => document.activeElement?.textContent?.includes('Options')),
    'the focus is back on the button',
  )
}

async function statesAreSpoken(visit) {
  const page = await visit.home()
  await page.evaluate(() => {
    window.spoken = []
    const region = document.querySelector('[aria-live="polite"]')
    new MutationObserver(() => window.spoken.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    })
  })
  await visit.choose([textFile('said.txt', 'said')])
  await until(
    async () => (await page.evaluate(() => window.spoken.join('|'))).includes('The file is ready'),
    'that it is ready is spoken',
  )
}

async function theFirstPaintIsEarlyOnASlowLine(visit, server) {
  const session = await visit.context.newCDPSession(visit.page)
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 300,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000,
  })
  await visit.page.goto(`${server.origin}/`)
  const look = () =>
    visit.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  const painted = await until(look, 'something is painted')
  console.log(`# first paint after ${Math.round(painted)} ms`)
  expect(painted < 1000, `first paint after ${Math.round(painted)} ms`)
  await visit.page.waitForSelector('#page .drop')
}

export const access = {
  access__axe_light__no_violations: axeIn('light'),
  access__axe_dark__no_violations: axeIn('dark'),
  access__320_pixels__no_sideways_scrolling: smallScreen,
  access__keyboard__is_enough: keyboardAlone,
  access__states__are_spoken: statesAreSpoken,
  access__slow_line__paints_within_a_second: theFirstPaintIsEarlyOnASlowLine,
}
