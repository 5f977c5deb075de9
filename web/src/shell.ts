// The line that downloads a link at a terminal. Names come from strangers: what a shell could
// understand in them is quoted.
const PLAIN = /^[\w.,+@%=:-]+$/

function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Of a link to many files: curl gets a list of their addresses. */
export function curlLineOfMany(url: string): string {
  return `curl -s ${quoted(url)} | while read -r file; do curl -O "$file"; done`
}

export function curlLine(name: string, url: string): string {
  const isPlain = PLAIN.test(name) && !/^[-.]/.test(name)
  const address = /^[\w.,+@%=:/[\]-]+$/.test(url) ? url : quoted(url)
  return isPlain ? `curl -O ${address}` : `curl -o ${quoted(`./${name}`)} ${address}`
}
