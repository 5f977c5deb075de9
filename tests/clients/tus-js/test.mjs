// The real tus-js-client against a running Sluice: SLUICE_URL=http://127.0.0.1:8080 node test.mjs
// Prints `ok NAME` or `not ok NAME` for each case; exits with 1 when one failed.
import {createHash, randomBytes} from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import {Readable} from 'node:stream'
import * as tus from 'tus-js-client'

const MIB = 1024 * 1024
const BASE = (process.env.SLUICE_URL || 'http://127.0.0.1:8080').replace(/\/+$/, '')
const ENDPOINT = `${BASE}/files/`
const CASE_MS = Number(process.env.SLUICE_TEST_CASE_MS || 120000)

function expect(condition, what) {
  if (!condition) throw new Error(what)
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex')
}

async function fetchFile(link) {
  const answer = await fetch(link)
  expect(answer.status === 200, `GET ${link} answered ${answer.status}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** Sends `data` to its end; gives the upload, its link and the requests that it took. */
function send(data, options = {}) {
  const told = {requests: [], links: []}
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(data, {
      endpoint: ENDPOINT,
      retryDelays: Array(60).fill(50),
      metadata: {filename: 'a name.bin', filetype: 'application/x-test'},
      ...options,
      onAfterResponse: (request, response) => {
        told.requests.push(`${request.getMethod()} ${response.getStatus()}`)
        const link = response.getHeader('Sluice-Link')
        if (link) told.links.push(link)
        options.onAfterResponse?.(request, response, upload)
      },
      onSuccess: () => resolve({upload, ...told, link: told.links.at(-1)}),
      onError: reject,
    })
    told.upload = upload
    upload.start()
  })
}

async function expectStored(link, data) {
  expect(link, 'no Sluice-Link was told')
  expect(sha256(await fetchFile(link)) === sha256(data), 'other bytes came back')
}

/** Connections that break after a random number of bytes, `breaks` times in all. */
class BreakingAgent extends http.Agent {
  constructor(breaks, mostBytes) {
    super({keepAlive: true})
    this.breaks = breaks
    this.mostBytes = mostBytes
    this.broken = 0
  }

  createConnection(options, callback) {
    const socket = net.createConnection(options, callback)
    if (this.broken < this.breaks) {
      const limit = 1000 + Math.floor(Math.random() * this.mostBytes)
      const timer = setInterval(() => {
        if (socket.bytesWritten < limit) return
        clearInterval(timer)
        this.broken++
        socket.resetAndDestroy()
      }, 1)
      socket.on('close', () => clearInterval(timer))
    }
    return socket
  }
}

const cases = {
  async 'one request'() {
    const data = randomBytes(5 * MIB + 17)
    const {link, requests} = await send(data)
    expect(requests.join() === 'POST 201,PATCH 204', `took ${requests}`)
    expect(decodeURIComponent(link).endsWith('/a name.bin'), `the link is ${link}`)
    await expectStored(link, data)
  },

  async 'sequential chunks'() {
    const data = randomBytes(10 * MIB + 3)
    const {link, requests} = await send(data, {chunkSize: MIB})
    expect(requests.length === 12, `took ${requests}`)
    await expectStored(link, data)
  },

  async 'empty file'() {
    const {link} = await send(Buffer.alloc(0))
    await expectStored(link, Buffer.alloc(0))
  },

  async 'parallel parts'() {
    const data = randomBytes(9 * MIB + 1)
    const {link, requests} = await send(data, {parallelUploads: 3})
    expect(requests.filter((request) => request === 'POST 201').length === 4, `took ${requests}`)
    await expectStored(link, data)
  },

  async 'parallel parts in chunks'() {
    const data = randomBytes(9 * MIB + 1)
    const {link} = await send(data, {parallelUploads: 3, chunkSize: MIB})
    await expectStored(link, data)
  },

  async 'parallel parts over broken connections'() {
    const data = randomBytes(12 * MIB)
    const agent = new BreakingAgent(6, 2 * MIB)
    const httpStack = new tus.DefaultHttpStack({agent})
    const {link} = await send(data, {parallelUploads: 3, httpStack})
    agent.destroy()
    expect(agent.broken > 0, 'no connection broke')
    await expectStored(link, data)
  },

  async 'stream of unknown length'() {
    const data = randomBytes(4 * MIB + 5)
    const pieces = []
    for (let at = 0; at < data.length; at += 100000) pieces.push(data.subarray(at, at + 100000))
    const options = {uploadLengthDeferred: true, chunkSize: MIB}
    const {link} = await send(Readable.from(pieces, {objectMode: false}), options)
    await expectStored(link, data)
  },

  async 'PATCH by POST'() {
    const data = randomBytes(2 * MIB)
    const {link, requests} = await send(data, {overridePatchMethod: true, chunkSize: MIB})
    expect(!requests.some((request) => request.startsWith('PATCH')), `took ${requests}`)
    await expectStored(link, data)
  },

  async 'data with the creation'() {
    const data = randomBytes(MIB)
    const {link, requests} = await send(data, {uploadDataDuringCreation: true})
    expect(requests.join() === 'POST 201', `took ${requests}`)
    await expectStored(link, data)
  },

  async 'first chunk with the creation'() {
    const data = randomBytes(3 * MIB + 9)
    const options = {uploadDataDuringCreation: true, chunkSize: MIB}
    const {link, requests} = await send(data, options)
    expect(requests.join() === 'POST 201,PATCH 204,PATCH 204,PATCH 204', `took ${requests}`)
    await expectStored(link, data)
  },

  async 'broken connections'() {
    const data = randomBytes(24 * MIB)
    const agent = new BreakingAgent(8, 4 * MIB)
    const {link, requests} = await send(data, {httpStack: new tus.DefaultHttpStack({agent})})
    agent.destroy()
    expect(agent.broken > 0, 'no connection broke')
    expect(requests.includes('HEAD 200'), `took ${requests}`)
    await expectStored(link, data)
  },

  async 'broken connections between chunks'() {
    const data = randomBytes(16 * MIB)
    const agent = new BreakingAgent(8, 3 * MIB)
    const httpStack = new tus.DefaultHttpStack({agent})
    const {link} = await send(data, {chunkSize: MIB, httpStack})
    agent.destroy()
    await expectStored(link, data)
  },

  async 'going on in a new client'() {
    const data = randomBytes(6 * MIB)
    let link
    const uploadUrl = await new Promise((resolve, reject) => {
      let chunks = 0
      const upload = new tus.Upload(data, {
        endpoint: ENDPOINT,
        chunkSize: MIB,
        onAfterResponse: (request, response) => {
          link = response.getHeader('Sluice-Link') || link
        },
        onChunkComplete: () => {
          if (++chunks === 3) upload.abort().then(() => resolve(upload.url), reject)
        },
        onError: reject,
      })
      upload.start()
    })
    const {requests} = await send(data, {uploadUrl, chunkSize: MIB})
    expect(requests[0] === 'HEAD 200', `took ${requests}`)
    expect(requests.length <= 5, `took ${requests}`)
    await expectStored(link, data)
  },

  async 'terminating'() {
    const url = await new Promise((resolve, reject) => {
      const upload = new tus.Upload(randomBytes(4 * MIB), {
        endpoint: ENDPOINT,
        chunkSize: MIB,
        onChunkComplete: () => upload.abort(true).then(() => resolve(upload.url), reject),
        onError: reject,
      })
      upload.start()
    })
    const answer = await fetch(url, {method: 'HEAD', headers: {'Tus-Resumable': '1.0.0'}})
    expect(answer.status === 404, `HEAD answers ${answer.status} afterwards`)
  },

  async 'terminating what is complete'() {
    const {upload, link} = await send(randomBytes(1000))
    await tus.Upload.terminate(upload.url)
    expect((await fetch(link)).status === 404, 'the link is still there')
  },

  async 'options in the metadata'() {
    const metadata = {name: 'ümläut/…?.txt', type: 'text/plain', 'max-downloads': '1'}
    const {link} = await send(Buffer.from('once'), {metadata})
    const answer = await fetch(link)
    expect(answer.headers.get('content-type').startsWith('text/plain'), 'the type is another')
    expect((await answer.text()) === 'once', 'other bytes came back')
    expect(decodeURIComponent(link).endsWith('/…?.txt'), `the link is ${link}`)
    let status = 0
    const end = Date.now() + 10000
    do { // the download counts when its last byte has been acknowledged
      const again = await fetch(link)
      await again.arrayBuffer()
      status = again.status
    } while (status !== 410 && Date.now() < end)
    expect(status === 410, `a second download answered ${status}`)
  },
}

function withLimit(promise) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${CASE_MS} ms`)), CASE_MS)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}

let failed = 0
for (const [name, run] of Object.entries(cases)) {
  try {
    await withLimit(run())
    console.log(`ok ${name}`)
  } catch (error) {
    failed++
    console.log(`not ok ${name}`)
    console.log(`# ${String(error.message || error).replaceAll('\n', ' ')}`)
  }
}
process.exit(failed > 0 ? 1 : 0)
