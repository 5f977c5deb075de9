// My uploads: what was made in this browser, kept, carried to another one, deleted.
import {readFile} from 'node:fs/promises'
import {expect, textFile, until} from '../visit.mjs'

async function opened(visit, page = visit.page) {
  await visit.home(page)
  await page.getByText('My uploads').click()
  return page.locator('.mine .item')
}

async function made(visit, names) {
  await visit.home()
  await visit.choose(names.map((name) => textFile(name, name)))
  for (const name of names) await visit.state(name, 'ready')
}

async function theListOutlivesTheVisit(visit) {
  await made(visit, ['one.txt', 'two.txt'])
  const {url, link} = await visit.linkOf('one.txt')
  await fetch(url).then((answer) => answer.text())
  await until(async () => (await visit.facts(link)).downloads === 1, 'the server has counted it')
  const items = await opened(visit)
  const one = items.filter({hasText: 'one.txt'})
  await until(async () => (await one.textContent()).includes('1 download'), 'it is counted')
  expect((await items.count()) === 2, 'both are listed')
  expect((await visit.page.locator('.row').count()) === 0, 'they are not uploads of this visit')
}

async function deletingFromTheList(visit) {
  await made(visit, ['old.txt'])
  const {url} = await visit.linkOf('old.txt')
  const items = await opened(visit)
  await items.getByRole('button', {name: 'Delete old.txt'}).click()
  await items.getByRole('button', {name: 'Really delete? old.txt'}).click()
  await until(async () => (await items.count()) === 0, 'it is gone from the list')
  expect((await fetch(url)).status === 404, 'it is still there')
}

async function whatIsGoneCanBeForgotten(visit) {
  await made(visit, ['lost.txt'])
  const list = () => visit.page.evaluate(() => localStorage['sluice.uploads'])
  const [{link, key}] = JSON.parse(await until(list, 'the list is written'))
  const headers = {Authorization: `Bearer ${key}`}
  await fetch(`${visit.server.origin}/${link}`, {method: 'DELETE', headers})
  const items = await opened(visit)
  await items.getByText('Expired or deleted').waitFor()
  await items.getByRole('button', {name: /^Remove from the list/}).click()
  await until(async () => (await items.count()) === 0, 'it is gone from the list')
}

async function theListIsCarriedAlong(visit) {
  await made(visit, ['mine.txt'])
  await opened(visit)
  const waiting = visit.page.waitForEvent('download')
  await visit.page.getByRole('button', {name: 'Export'}).click()
  const exported = await readFile(await (await waiting).path())
  await visit.page.evaluate(() => localStorage.clear())
  const items = await opened(visit)
  expect((await items.count()) === 0, 'the list is not empty')
  const bring = (buffer) =>
    visit.page.setInputFiles('#import', {name: 'l.json', mimeType: 'application/json', buffer})
  await bring(Buffer.from('{"no":"list"}'))
  await visit.page.locator('.mine').getByText('not an exported list').waitFor()
  const foreign = JSON.parse(exported)
  foreign.push({...foreign[0], link: 'A'.repeat(22), address: 'http://elsewhere.invalid/files/x'})
  await bring(Buffer.from(JSON.stringify(foreign)))
  await visit.page.locator('.mine').getByText('2 links imported').waitFor()
  const list = await visit.page.evaluate(() => localStorage['sluice.uploads'])
  expect(!list.includes('elsewhere'), 'an address of another server was taken')
}

export const lists = {
  my_uploads__list__outlives_the_visit: theListOutlivesTheVisit,
  my_uploads__delete__removes_the_file: deletingFromTheList,
  my_uploads__gone__can_be_forgotten: whatIsGoneCanBeForgotten,
  my_uploads__list__is_carried_along: theListIsCarriedAlong,
}
