// The files of the page as a C table (struct asset of src/service/assets.h).
const LINE_BYTES = 24

function cBytes(name, bytes) {
  const lines = []
  for (let at = 0; at < bytes.length; at += LINE_BYTES)
    lines.push(`    ${[...bytes.subarray(at, at + LINE_BYTES)].join(',')},`)
  return `static const uint8_t ${name}[] = {\n${lines.join('\n')}\n};\n`
}

function cText(text) {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

function slice(name, bytes) {
  return bytes.length > 0 ? `{${name}, sizeof ${name}}` : '{NULL, 0}'
}

/** Of an asset: what its arrays are, and its line of the table. */
function parts(asset, number) {
  const bodies = [asset.bytes, asset.gzip, asset.brotli]
  const names = ['plain', 'gzip', 'brotli'].map((kind) => `${kind}_${number}`)
  const row = [
    `        .path = ${cText(asset.path)},`,
    `        .media_type = ${cText(asset.type)},`,
    `        .entity_tag = ${cText(`"${asset.tag}"`)},`,
    `        .plain = ${slice(names[0], bodies[0])},`,
    `        .gzip = ${slice(names[1], bodies[1])},`,
    `        .brotli = ${slice(names[2], bodies[2])},`,
    `        .is_immutable = ${asset.isImmutable},`,
  ]
  return {
    arrays: bodies.map((bytes, at) => (bytes.length > 0 ? cBytes(names[at], bytes) : '')).join(''),
    row: `    {\n${row.join('\n')}\n    },\n`,
  }
}

export function tableOf(assets) {
  const made = assets.map(parts)
  return (
    '/* Made by web/build.mjs from web/src. */\n#include "service/assets.h"\n\n' +
    made.map(({arrays}) => arrays).join('') +
    `\nconst struct asset web_assets[] = {\n${made.map(({row}) => row).join('')}};\n` +
    `const size_t web_assets_len = sizeof web_assets / sizeof web_assets[0];\n`
  )
}
