// Where this server lives. A proxy may put it below a path, which the document tells.
const base = document.documentElement.dataset.base ?? ''

/** The path of something of this server, from "/api/files/…" as the server knows it. */
export function pathOf(path: string): string {
  return base + path
}

export function urlOf(path: string): string {
  return location.origin + pathOf(path)
}

export function socketOf(path: string): string {
  return urlOf(path).replace(/^http/, 'ws')
}

/** What is handed to other people: the page of the link, which for curl is the bytes. */
export function pageOf(link: string): string {
  return urlOf(`/${link}`)
}

/** The link in an address that the server told: BASE/LINK/NAME. */
export function linkIn(address: string): string | null {
  return /\/([A-Za-z0-9_-]{22})(?:\/|$)/.exec(new URL(address, location.href).pathname)?.[1] ?? null
}
