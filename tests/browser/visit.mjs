// One visitor: a browser context with a page, which notes everything that must not happen (broken
// policies, errors, requests to others), and what a visitor does again and again.
import {createHash, randomBytes} from 'node:crypto'
import {chromium} from 'playwright-core'
import {pause} from './server.mjs'

const EXECUTABLE = process.env.SLUICE_CHROMIUM ?? '/usr/bin/chromium'
const WAIT_MS = 15_000

export const MB = 1_000_000

export function launch() {
  // The sandbox of the browser can't be set up as root, as in most build machines.
  return chromium.launch({executablePath: EXECUTABLE, args: ['--no-sandbox']})
}

export function expect(condition, what) {
  if (!condition) throw new Error(what)
}

/** Waits until `look` gives something true; gives that. */
export async function until(look, what, within = WAIT_MS) {
  const end = Date.now() + within
  for (;;) {
    const value = await look()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(50)
  }
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

export function file(name, size, mimeType = 'application/octet-stream') {
  return {name, mimeType, buffer: randomBytes(size)}
}

export function textFile(name, text) {
  return {name, mimeType: 'text/plain', buffer: Buffer.from(text)}
}

function noteViolations() {
  addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
  )
}

export class Visit {
  constructor(browser, server) {
    this.browser = browser
    this.server = server
    this.problems = []
  }

  async open(options = {}) {
    this.context = await this.browser.newContext({
      viewport: {width: 1200, height: 900},
      locale: 'en-GB',
      ...options,
    })
    await this.context.addInitScript(noteViolations)
    this.page = await this.newPage()
    return this
  }

  async newPage() {
    const page = await this.context.newPage()
    page.setDefaultTimeout(WAIT_MS)
    page.on('console', (message) => {
      if (message.text().startsWith('policy:')) this.problems.push(message.text())
    })
    page.on('pageerror', (error) => this.problems.push(error.message))
    page.on('request', (request) => {
      const isOurs = /^(data|blob|about):/.test(request.url())
      if (!isOurs && !request.url().startsWith(this.server.origin))
        this.problems.push(`a request to ${request.url()}`)
    })
    return page
  }

  async home(page = this.page) {
    await page.goto(`${this.server.origin}/`)
    await page.waitForSelector('#page .drop')
    return page
  }

  /** So slow that what happens on the way can be seen. */
  async slow(bytesPerSecond, page = this.page) {
    const session = await this.context.newCDPSession(page)
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    })
  }

  async choose(files, page = this.page) {
    await page.setInputFiles('#files', files)
  }

  row(name, page = this.page) {
    return page.locator('.row', {has: page.getByRole('heading', {name, exact: true})})
  }

  async state(name, state, page = this.page) {
    const row = this.row(name, page)
    const look = async () => (await row.getAttribute('data-state')) === state
    await until(look, `${name} is not ${state}`, WAIT_MS * 2)
    return row
  }

  async linkOf(name, page = this.page) {
    const url = await this.row(name, page).locator('.link').inputValue()
    return {url, link: url.split('/').pop()}
  }

  async facts(link) {
    return (await fetch(`${this.server.origin}/api/files/${link}`)).json()
  }

  /** Downloads and compares. */
  async expectStored(name, bytes) {
    const {url} = await this.linkOf(name)
    const answer = await fetch(url)
    expect(answer.ok, `GET ${url}: ${answer.status}`)
    const stored = Buffer.from(await answer.arrayBuffer())
    expect(sha256(stored) === sha256(bytes), `${name}: other bytes came back`)
  }

  async close() {
    await this.context.close()
    expect(this.problems.length === 0, this.problems.join('\n'))
  }
}
