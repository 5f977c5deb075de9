// What takes long: 5 GiB through the page, with flat memory on both sides.
import {spawn} from 'node:child_process'
import {open, readFile, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {BINARY} from '../server.mjs'
import {expect, until} from '../visit.mjs'

const GIB = 1024 ** 3
const SIZE = 5 * GIB
const GROWTH_MOST = 400 * 1024 * 1024

async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

/** Of a process and all below it. */
async function familyBytes(pid) {
  let sum = await residentBytes(pid)
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  for (const task of tasks) {
    const text = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')
    for (const child of text.split(' ').filter(Boolean)) sum += await familyBytes(child)
  }
  return sum
}

async function fiveGibibytes(visit, server) {
  const path = join(server.folder, 'large.bin')
  await emptyFile(path, SIZE)
  const page = await visit.home()
  const before = {
    browser: await familyBytes(process.pid),
    server: await residentBytes(server.process.pid),
  }
  await page.setInputFiles('#files', path)
  const most = {browser: 0, server: 0}
  const started = Date.now()
  await until(
    async () => {
      most.browser = Math.max(most.browser, await familyBytes(process.pid))
      most.server = Math.max(most.server, await residentBytes(server.process.pid))
      return (await visit.row('large.bin').getAttribute('data-state')) === 'ready'
    },
    'five gibibytes are there',
    1_500_000,
  )
  const seconds = (Date.now() - started) / 1000
  const grown = {browser: most.browser - before.browser, server: most.server - before.server}
  const mib = (bytes) => Math.round(bytes / 1024 ** 2)
  console.log(
    `# 5 GiB in ${seconds.toFixed(1)} s; memory grew by ${mib(grown.browser)} MiB (browser and` +
      ` test), ${mib(grown.server)} MiB (server)`,
  )
  const {link} = await visit.linkOf('large.bin')
  expect((await visit.facts(link)).size === SIZE, 'it has another size')
  expect(grown.browser < GROWTH_MOST && grown.server < GROWTH_MOST, 'memory grew with the file')
}

async function emptyFile(path, size) {
  const made = await open(path, 'w')
  await made.truncate(size)
  await made.close()
}

function secondsOfPut(path, origin) {
  const started = Date.now()
  const put = spawn(BINARY, ['put', path, '--to', origin], {stdio: 'ignore'})
  return new Promise((resolve, reject) => {
    put.on('error', reject)
    put.on('close', (code) =>
      code === 0 ? resolve((Date.now() - started) / 1000) : reject(new Error(`put: ${code}`)),
    )
  })
}

async function secondsOfPage(visit, path, name) {
  const started = Date.now()
  await visit.page.setInputFiles('#files', path)
  const isReady = async () => (await visit.row(name).getAttribute('data-state')) === 'ready'
  await until(isReady, `${name} is there`, 300_000)
  return (Date.now() - started) / 1000
}

/** The page against `sluice put` with the same bytes, turn by turn; the best of each counts. */
async function asFastAsTheClient(visit, server) {
  await visit.home()
  const times = {put: [], page: []}
  for (const round of [1, 2, 3]) {
    const name = `round ${round}.bin`
    const path = join(server.folder, name)
    await emptyFile(path, 2 * GIB)
    const put = async () => times.put.push(await secondsOfPut(path, server.origin))
    const page = async () => times.page.push(await secondsOfPage(visit, path, name))
    // What the first has written still goes to the disk while the second one runs.
    for (const run of round % 2 === 0 ? [put, page] : [page, put]) await run()
  }
  const ratio = Math.min(...times.put) / Math.min(...times.page)
  console.log(`# 2 GiB: put ${times.put.join(', ')} s, page ${times.page.join(', ')} s`)
  expect(ratio >= 0.8, `the page has ${ratio.toFixed(2)} of the client's speed`)
}

export const deep = {
  deep__5_gib__goes_up_with_flat_memory: fiveGibibytes,
  deep__speed__is_near_that_of_the_client: asFastAsTheClient,
}
