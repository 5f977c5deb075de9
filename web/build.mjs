// Makes the page: scripts and style bundled and named by their content, the two documents, each
// compressed beforehand, and the C table that the server is built with. `node build.mjs [FOLDER]`.
import {createHash} from 'node:crypto'
import {mkdir, readFile, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {brotliCompressSync, constants, gzipSync} from 'node:zlib'
import {build} from 'esbuild'
import {tableOf} from './table.mjs'

const HERE = dirname(fileURLToPath(import.meta.url))
const OUT = process.argv[2] ?? join(HERE, 'build')
const KIB = 1024
const SCRIPT_MOST = 120 * KIB
const PAGE_MOST = 150 * KIB

const TYPES = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

function typeOf(name) {
  return TYPES[name.split('.').pop()]
}

function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12)
}

/** Empty where compressing saves nothing. */
function smaller(packed, plain) {
  return packed.length < plain.length ? packed : Buffer.alloc(0)
}

function packed(path, type, bytes, isImmutable) {
  const quality = {params: {[constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY}}
  return {
    path,
    type,
    bytes,
    isImmutable,
    tag: hashOf(bytes),
    gzip: smaller(gzipSync(bytes, {level: 9}), bytes),
    brotli: smaller(brotliCompressSync(bytes, quality), bytes),
  }
}

async function bundle() {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: ['src/home.tsx', 'src/link.tsx', 'src/style.css'],
    outdir: 'build',
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2021', 'chrome100', 'firefox100', 'safari15.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  })
  return result.outputFiles.map(({path, contents}) => ({
    name: path.split('/').pop(),
    bytes: Buffer.from(contents),
  }))
}

/** Puts in the hashed names; white space between tags is no part of these documents. */
function fill(template, names) {
  const filled = template.replace(/\[\[([\w.]+)\]\]/g, (_, name) => {
    if (!names.has(name)) throw new Error(`no file ${name} for a document`)
    return names.get(name)
  })
  return Buffer.from(filled.replace(/\n\s+/g, '\n'))
}

function checkBudget(assets) {
  const wire = (ending) =>
    assets
      .filter(({path}) => path.includes(ending))
      .map(({path, gzip, bytes}) => ({path, size: gzip.length || bytes.length}))
  const total = (files) => files.reduce((sum, {size}) => sum + size, 0)
  const scripts = wire('.js')
  const style = total(wire('.css'))
  const problems = []
  if (total(scripts) > SCRIPT_MOST) problems.push(`scripts: ${total(scripts)} bytes`)
  for (const page of wire('.html')) {
    const script = scripts.find(({path}) => path.includes(page.path.replace('.html', '-')))
    const sum = page.size + (script?.size ?? 0) + style
    console.log(`${page.path}: ${sum} bytes with script and style, by gzip`)
    if (!script || sum > PAGE_MOST) problems.push(`${page.path}: ${sum} bytes`)
  }
  if (problems.length > 0) throw new Error(`over the budget: ${problems.join(', ')}`)
}

async function save(asset) {
  const path = join(OUT, asset.path)
  await mkdir(dirname(path), {recursive: true})
  await writeFile(path, asset.bytes)
  if (asset.gzip.length > 0) await writeFile(`${path}.gz`, asset.gzip)
  if (asset.brotli.length > 0) await writeFile(`${path}.br`, asset.brotli)
}

async function main() {
  const files = await bundle()
  files.push({name: 'icon.svg', bytes: await readFile(join(HERE, 'src/icon.svg'))})
  const names = new Map(
    files.map(({name, bytes}) => [name, name.replace('.', `-${hashOf(bytes)}.`)]),
  )
  const assets = files.map(({name, bytes}) =>
    packed(`assets/${names.get(name)}`, typeOf(name), bytes, true),
  )
  for (const page of ['home.html', 'link.html']) {
    const template = await readFile(join(HERE, 'src', page), 'utf8')
    assets.push(packed(page, typeOf(page), fill(template, names), false))
  }
  checkBudget(assets)
  await rm(OUT, {recursive: true, force: true})
  await Promise.all(assets.map(save))
  await writeFile(join(OUT, 'assets.c'), tableOf(assets))
}

await main()
