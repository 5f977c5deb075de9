// Sends each request of the table to a server of Node.js and to our parser, and compares what the
// two understood. Ends with `N passed, N failed`; fails on a difference that differences.md doesn't
// explain, and on an explanation whose difference is gone.
'use strict';
const {spawnSync} = require('child_process');
const fs = require('fs');
const http = require('http');
const net = require('net');

const [verdict, requestsPath, differencesPath] = process.argv.slice(2);

// Lines `name "bytes"`, the bytes as a JSON string of characters of Latin-1; `*N` behind a string
// repeats it, and strings stand side by side.
function readRequests(path) {
    const cases = [];
    for (const line of fs.readFileSync(path, 'utf8').split('\n')) {
        const [, name, rest] = /^([a-z0-9_]+) (.*)$/.exec(line) || [];
        if (!name)
            continue;
        let text = '';
        for (const [, string, times] of rest.matchAll(/("(?:[^"\\]|\\.)*")(?:\*(\d+))?/g))
            text += JSON.parse(string).repeat(Number(times || 1));
        cases.push({name, bytes: Buffer.from(text, 'latin1')});
    }
    return cases;
}

// Rows `| name | ours | node 18 | node 20 | why |`, with a column for each version that was looked
// at. A cell says how the reading ended, or "same". A version without a column is compared with the
// newest one before it.
function readDifferences(path, major) {
    const rows = new Map();
    let column = 0;
    for (const line of fs.readFileSync(path, 'utf8').split('\n')) {
        const cells = line.split('|').map((cell) => cell.trim());
        if (cells[1] === 'request') {
            const versions = cells.map((cell) => Number(/^node (\d+)$/.exec(cell)?.[1] || 0));
            const known = versions.filter((version) => version > 0 && version <= major);
            const version = known.length > 0 ? Math.max(...known) : versions.find((v) => v > 0);
            column = versions.indexOf(version);
        } else if (column > 0 && /^[a-z0-9_]+$/.test(cells[1] || '')) {
            rows.set(cells[1], {ours: cells[2], node: cells[column], why: cells[cells.length - 2]});
        }
    }
    return rows;
}

function readOurs(bytes) {
    const result = spawnSync(verdict, {input: bytes, encoding: 'utf8', timeout: 10000});
    if (result.status !== 0)
        throw new Error(`${verdict} failed: ${result.stderr}`);
    return JSON.parse(result.stdout);
}

function framingOf(request) {
    if (request.headers['transfer-encoding'] !== undefined)
        return 'chunked';
    return request.headers['content-length'] !== undefined ? 'length' : 'none';
}

function pairs(rawHeaders) {
    const list = [];
    for (let i = 0; i < rawHeaders.length; i += 2)
        list.push([rawHeaders[i], rawHeaders[i + 1]]);
    return list;
}

// A server that notes, for each connection by its port, what Node.js understood.
function startServer(notes) {
    const server = http.createServer({insecureHTTPParser: false}, (request, response) => {
        const note = notes.get(request.socket.remotePort);
        const [, path, query] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/i.exec(request.url);
        const entry = {
            method: request.method, path: path || '/', query, is_whole: false,
            version: request.httpVersion, framing: framingOf(request),
            headers: pairs(request.rawHeaders), body: '',
        };
        note.requests.push(entry);
        note.open++;
        request.on('data', (data) => { entry.body += data.toString('latin1'); });
        request.on('error', () => {});
        request.on('end', () => {
            note.open--;
            entry.is_whole = true;
            response.end('ok');
        });
    });
    server.on('clientError', (error, socket) => {
        const note = notes.get(socket.remotePort);
        if (note && !note.error)
            note.error = error.code;
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
    server.httpAllowHalfOpen = true;
    server.keepAliveTimeout = 200;
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function readNodes(server, notes, bytes) {
    return new Promise((resolve) => {
        const note = {requests: [], open: 0, error: '', answers: ''};
        const socket = net.connect(server.address().port, '127.0.0.1', () => {
            notes.set(socket.localPort, note);
            socket.end(bytes);
        });
        socket.setTimeout(3000, () => socket.destroy());
        socket.on('error', () => {});
        socket.on('data', (data) => { note.answers += data.toString('latin1'); });
        socket.on('close', () => {
            const refusal = /HTTP\/1\.1 ([45]\d\d)/.exec(note.answers);
            const isCut = note.error === 'HPE_INVALID_EOF_STATE' || note.error === 'ECONNRESET';
            let end = 'clean';
            if (refusal && !isCut)
                end = 'refused';
            else if (isCut || note.open > 0)
                end = 'more';
            resolve({requests: note.requests, end, error: note.error});
        });
    });
}

// What of a reading counts: requests that came whole, names of fields in one case, no statuses.
function essence(reading) {
    const requests = reading.requests.filter((request) => request.is_whole).map((request) => ({
        method: request.method, path: request.path, query: request.query,
        version: request.version, framing: request.framing, body: request.body,
        headers: request.headers.map(([name, value]) => [name.toLowerCase(), value.trim()]),
    }));
    return JSON.stringify({end: reading.end, requests});
}

function brief(reading) {
    const requests = reading.requests.map((r) => `${r.method} ${r.framing} ${r.body.length}`);
    return `${reading.end} [${requests.join(', ')}]`;
}

async function main() {
    const cases = readRequests(requestsPath);
    const major = Number(process.versions.node.split('.')[0]);
    const differences = readDifferences(differencesPath, major);
    const notes = new Map();
    const server = await startServer(notes);
    let passed = 0, failed = 0;
    const seen = new Set();
    for (const {name, bytes} of cases) {
        const ours = readOurs(bytes);
        const nodes = await readNodes(server, notes, bytes);
        const isSame = essence(ours) === essence(nodes);
        const row = differences.get(name);
        seen.add(name);
        const found = isSame ? 'same' : nodes.end;
        let wrong = '';
        if (!row && !isSame)
            wrong = 'a difference that differences.md does not explain';
        else if (row && (row.node !== found || row.ours !== ours.end || !row.why))
            wrong = `differences.md says ours ${row.ours}, node ${row.node}: "${row.why}"`;
        if (wrong) {
            failed++;
            console.log(`not ok ${name}: ${wrong}`);
            console.log(`    ours: ${brief(ours)} ${ours.status || ''}`);
            console.log(`    node: ${brief(nodes)} ${nodes.error}`);
        } else {
            passed++;
        }
    }
    for (const name of differences.keys()) {
        if (!seen.has(name)) {
            failed++;
            console.log(`not ok ${name}: differences.md names a request that requests.txt has not`);
        }
    }
    server.close();
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 ? 0 : 1);
}

main();
