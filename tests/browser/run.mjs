// The page in a real Chromium against a real server: node run.mjs [PART OF A NAME...]
// SLUICE_BINARY names the server, SLUICE_CHROMIUM the browser, SLUICE_TEST_DEEP=1 adds what takes
// long. Prints `ok NAME` or `not ok NAME` for each case, then `N passed, N failed`.
import {access} from './cases/access.mjs'
import {deep} from './cases/deep.mjs'
import {languages} from './cases/languages.mjs'
import {links} from './cases/links.mjs'
import {lists} from './cases/lists.mjs'
import {resuming} from './cases/resuming.mjs'
import {uploads} from './cases/uploads.mjs'
import {Server} from './server.mjs'
import {launch, Visit} from './visit.mjs'

const CASE_MS = 120_000
const DEEP_MS = 1_800_000
const isDeep = process.env.SLUICE_TEST_DEEP === '1'

const cases = {...uploads, ...resuming, ...links, ...lists, ...languages, ...access}
if (isDeep) Object.assign(cases, deep)

function inTime(promise, ms) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${ms / 1000} s`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** A case is a function, or {flags, options, run} when its server or visitor is a special one. */
async function tryCase(browser, one) {
  const {run, flags = [], options = {}} = typeof one === 'function' ? {run: one} : one
  const server = await new Server(flags).open()
  try {
    const visit = await new Visit(browser, server).open(options)
    try {
      await inTime(run(visit, server), isDeep ? DEEP_MS : CASE_MS)
    } catch (error) {
      await visit.page.screenshot({path: `${process.env.SLUICE_TEST_SHOTS ?? '.'}/failed.png`})
      throw error
    }
    await visit.close()
  } finally {
    await server.close()
  }
}

async function main() {
  const wanted = process.argv.slice(2)
  const browser = await launch()
  let passed = 0
  let failed = 0
  for (const [name, one] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue
    try {
      await tryCase(browser, one)
      passed += 1
      console.log(`ok ${name}`)
    } catch (error) {
      failed += 1
      console.log(`not ok ${name}`)
      console.log(String(error.stack ?? error).replace(/^/gm, '  # '))
    }
  }
  await browser.close()
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}

await main()
