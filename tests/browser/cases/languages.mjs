// English and Russian, and no JavaScript at all.
import {expect, textFile, until} from '../visit.mjs'

const russianByTheBrowser = {
  options: {locale: 'ru-RU'},
  async run(visit) {
    const page = await visit.home()
    await page.getByRole('heading', {name: 'Перетащите сюда файлы или папки'}).waitFor()
    expect((await page.getAttribute('html', 'lang')) === 'ru', 'the language is not declared')
    await visit.choose([textFile('раз.txt', 'раз'), textFile('два.txt', 'два')])
    await visit.state('раз.txt', 'ready')
    await page.getByRole('button', {name: 'Одна ссылка на 2 файла'}).waitFor()
    await page.goto((await visit.linkOf('раз.txt')).url)
    await page.getByRole('link', {name: 'Скачать'}).waitFor()
  },
}

async function theSwitchIsKept(visit) {
  const page = await visit.home()
  await page.getByRole('heading', {name: 'Drop files or folders here'}).waitFor()
  await page.getByRole('button', {name: 'Русский'}).click()
  await page.getByRole('heading', {name: 'Перетащите сюда файлы или папки'}).waitFor()
  await page.reload()
  await page.getByRole('heading', {name: 'Перетащите сюда файлы или папки'}).waitFor()
  await page.getByRole('button', {name: 'English'}).click()
  await page.getByRole('heading', {name: 'Drop files or folders here'}).waitFor()
}

const withoutScripts = {
  options: {javaScriptEnabled: false},
  async run(visit, server) {
    const page = visit.page
    await page.goto(`${server.origin}/`)
    await page.getByLabel('Files').setInputFiles(textFile('plain.txt', 'plain bytes'))
    await page.getByRole('button', {name: 'Upload'}).click()
    const link = page.getByRole('link', {name: /plain\.txt/})
    await link.waitFor()
    const path = new URL(await link.getAttribute('href'), page.url()).pathname
    const found = path.split('/').find((part) => part.length === 22)
    await page.goto(`${server.origin}/${found}`)
    await page.getByRole('heading', {name: 'plain.txt'}).waitFor()
    const waiting = page.waitForEvent('download')
    await page.getByRole('link', {name: 'Download'}).click()
    const chunks = []
    for await (const chunk of await (await waiting).createReadStream()) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString() === 'plain bytes', 'other bytes came')
    await until(() => true, 'the end')
  },
}

export const languages = {
  language__of_the_browser__is_spoken: russianByTheBrowser,
  language__switch__is_kept: theSwitchIsKept,
  language__no_scripts__works_as_a_form: withoutScripts,
}
