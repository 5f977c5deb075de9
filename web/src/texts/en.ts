// All words of the page in English. ru.ts has the same keys; the type below makes sure of it.
const rules = new Intl.PluralRules('en')

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString('en')} ${rules.select(number) === 'one' ? one : many}`
}

const files = (number: number): string => count(number, 'file', 'files')

export const en = {
  // The front page
  dropTitle: 'Drop files or folders here',
  dropNow: 'Let go to upload',
  dropHint: 'or paste with Ctrl+V. The upload starts at once.',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  uploads: 'Uploads',
  fromLastTime: 'From last time',
  language: 'Language',
  atTerminal: 'At a terminal',
  terminalHint: 'prints the link',
  footer: 'Whoever has a link can download its file.',

  // States
  queued: 'Waiting for its turn',
  sending: 'Sending',
  finishing: 'Finishing',
  paused: 'Paused',
  offline: 'Offline',
  failed: 'Failed',
  missing: 'Interrupted',
  ready: 'Ready',
  deleted: 'Deleted',
  arriving: 'Arriving',
  waiting: 'Sender offline',

  // Figures
  sent: (size: string) => `${size} sent`,
  stored: (size: string) => `${size} stored`,
  of: (part: string, whole: string) => `${part} of ${whole}`,
  left: (duration: string) => `${duration} left`,
  files,
  filesReady: (done: number, all: number) => `${done} of ${files(all)} ready`,
  readyAll: (all: number) => (all === 1 ? 'The file is ready' : `${files(all)} ready`),
  someFailed: (number: number) => `${files(number)} failed`,
  moreFiles: (number: number) => `Show ${files(number)} more`,

  // Reasons
  youAreOffline: 'No network. It goes on by itself when you are online again.',
  unreachable: 'The server can’t be reached. Trying again by itself.',
  serverBusy: 'The server is busy. Trying again by itself.',
  tooLarge: 'The file is larger than this server accepts.',
  noSpace: 'There is not enough free space on the server.',
  uploadGone: 'The server no longer has this upload. Retry begins it anew.',
  unreadable: 'The file can’t be read any more: it was changed, moved or removed.',
  folderUnreadable: (name: string) => `The folder “${name}” could not be read.`,
  refused: (why: string) => `The server refused: ${why}`,
  chooseAgain: 'Choose the same file again and it goes on from here.',
  allowAgain: 'Allow the page to read the file again and it goes on from here.',
  otherFile: (name: string) => `That is another file. Choose “${name}” as it was.`,

  // Buttons
  copy: 'Copy',
  copied: 'Copied',
  copyLink: 'Copy link',
  copyFailed: 'Press Ctrl+C to copy',
  open: 'Open',
  qr: 'QR code',
  share: 'Share',
  options: 'Options',
  pause: 'Pause',
  resume: 'Resume',
  pauseAll: 'Pause all',
  resumeAll: 'Resume all',
  retry: 'Retry',
  continue: 'Continue',
  chooseSame: 'Choose the file',
  delete: 'Delete',
  deleteSure: 'Really delete?',
  save: 'Save',
  saved: 'Saved',
  hide: 'Hide',
  hideDone: 'Clear finished',
  forget: 'Remove from the list',
  link: 'Link',
  linkOf: (name: string) => `Link to ${name}`,
  qrOf: (name: string) => `QR code of the link to ${name}`,
  progressOf: (name: string) => `Upload of ${name}`,
  progressAll: 'All uploads',

  // Options of a link
  name: 'Name',
  expiry: 'Link expires',
  keepExpiry: 'As it is',
  inHour: 'in an hour',
  inDay: 'in a day',
  inWeek: 'in a week',
  inMonth: 'in 30 days',
  never: 'never',
  downloadsMax: 'Downloads at most',
  unlimited: 'no limit',
  editFailed: (why: string) => `Not saved: ${why}`,
  deleteFailed: (why: string) => `Not deleted: ${why}`,
  noAnswer: 'the server did not answer',
  expires: (when: string) => `expires ${when}`,
  expiresNever: 'does not expire',
  downloads: (number: number) => count(number, 'download', 'downloads'),
  downloadsOf: (number: number, most: number) =>
    `${number} of ${count(most, 'download', 'downloads')}`,

  // Many files, one link
  oneLink: (number: number) => `One link for ${files(number)}`,
  collecting: 'Making the link…',
  collectFailed: (why: string) => `No common link: ${why}`,
  collectMost: (most: number) => `One link holds at most ${files(most)}.`,
  linkToAll: 'One link to all',

  // Leaving
  leaving: 'You can leave this page. When you come back, the uploads go on from where they were.',
  leavingChoose:
    'You can leave this page. When you come back, choose the same files again and they go on.',

  // My uploads
  mine: 'My uploads',
  mineHint: 'Links made in this browser. Their keys are kept here and nowhere else.',
  mineEmpty: 'Nothing yet.',
  export: 'Export',
  import: 'Import',
  imported: (number: number) => `${count(number, 'link', 'links')} imported`,
  importFailed: 'That file is not an exported list.',
  gone: 'Expired or deleted',
  loading: 'Loading…',
  refresh: 'Refresh',

  // The link's page
  download: 'Download',
  downloadNow: 'Download now',
  followsHint: 'The download follows the upload: it ends when the sender is done.',
  senderAt: (percent: string) => `It goes on from ${percent} when the sender is back.`,
  senderOffline: 'It goes on when the sender is back.',
  waitsUntil: (when: string) => `The server keeps what has come until ${when}.`,
  arrivingNow: 'The file is arriving now.',
  collectionArriving: 'Some of these files are still arriving.',
  failedFor: (why: string) => `The upload failed: ${why}`,
  uploadFailed: 'The upload failed.',
  linkDeleted: 'This file was deleted.',
  reconnecting: 'Connection lost, connecting again…',
  preview: 'Preview',
  showPreview: 'Show a preview',
  previewCounts: 'Looking at it counts as a download.',
  previewCut: (size: string) => `The first ${size} are shown.`,
  previewFailed: 'No preview could be shown.',
  sha256: 'SHA-256',
  curl: 'With curl',
  type: 'Type',
  size: 'Size',
  created: 'Uploaded',
  sizeUnknown: 'size not known yet',
  sendYours: 'Send a file of your own',
  filesHeading: 'Files',
}

export type Texts = {
  [Key in keyof typeof en]: (typeof en)[Key] extends string ? string : (typeof en)[Key]
}
