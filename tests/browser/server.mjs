// The program under test: started on a free port with a data folder of its own, killed, started
// again on the same data.
import {spawn} from 'node:child_process'
import {mkdtemp, rm} from 'node:fs/promises'
import net from 'node:net'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
export const BINARY = process.env.SLUICE_BINARY ?? join(ROOT, 'build/sluice')
const START_MS = 15_000

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const {port} = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export class Server {
  constructor(flags = []) {
    this.flags = flags
    this.output = ''
  }

  async open() {
    this.folder = await mkdtemp(join(tmpdir(), 'sluice-browser-'))
    this.port = await freePort()
    this.origin = `http://127.0.0.1:${this.port}`
    await this.start()
    return this
  }

  async start() {
    const data = join(this.folder, 'data')
    this.process = spawn(
      BINARY,
      ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', data, ...this.flags],
      {stdio: ['ignore', 'pipe', 'pipe']},
    )
    this.ended = new Promise((resolve) => this.process.on('close', resolve))
    this.process.on('error', (error) => (this.output += `${error.message}\n`))
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on('data', (text) => (this.output += text))
    const end = Date.now() + START_MS
    while (Date.now() < end) {
      const isWell = await fetch(`${this.origin}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      )
      if (isWell) return
      await pause(50)
    }
    throw new Error(`the server did not start:\n${this.output}`)
  }

  async kill() {
    this.process.kill('SIGKILL')
    await this.ended
  }

  async close() {
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 8000)
    await this.ended
    clearTimeout(timer)
    await rm(this.folder, {recursive: true, force: true})
  }
}
