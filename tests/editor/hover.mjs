// What an editor shows for our values: yaml-language-server, the one behind most editors, is started with nothing but
// the modeline in the file, and must complete every top-level key, explain one on hover, and refuse a key that is none.
//
//   node tests/editor/hover.mjs <path of yaml-language-server> <path of values.schema.json>

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const LIMIT_MS = 60_000;

const [serverPath, schemaArgument] = process.argv.slice(2);
if (!serverPath || !schemaArgument) {
  console.error("usage: node hover.mjs <yaml-language-server> <values.schema.json>");
  process.exit(2);
}
const schemaPath = resolve(schemaArgument);
const schema = JSON.parse(readFileSync(schemaPath, "utf8"));

/** The schema's node behind `$ref` and a lone `allOf`, as schemars writes them; a description beside the reference wins. */
function follow(node) {
  let found = node;
  let description = node?.description;
  for (;;) {
    const next = found?.$ref ?? (found?.allOf?.length === 1 ? found.allOf[0] : undefined);
    if (next === undefined) break;
    found =
      typeof next === "string"
        ? next.replace(/^#\//, "").split("/").reduce((place, part) => place?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], schema)
        : next;
    description ??= found?.description;
  }
  return { ...found, description };
}

/** The first words of a description: a server may wrap, escape or cut the rest. */
function firstWords(text) {
  return text.match(/[A-Za-z]{3,}/g)?.slice(0, 2) ?? [];
}

/** The language server's protocol over its standard streams. */
class Server {
  #process;
  #buffer = Buffer.alloc(0);
  #waiting = new Map();
  #diagnostics = new Map();
  #watchers = [];
  #next = 1;

  constructor(path) {
    this.#process = spawn(process.execPath, [path, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout.on("data", (chunk) => this.#read(chunk));
    this.#process.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the server ended with ${code}`));
    });
  }

  #read(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#buffer.subarray(0, end).toString())[1]);
      if (this.#buffer.length < end + 4 + length) return;
      const message = JSON.parse(this.#buffer.subarray(end + 4, end + 4 + length).toString());
      this.#buffer = this.#buffer.subarray(end + 4 + length);
      this.#take(message);
    }
  }

  #take(message) {
    if (message.method === undefined) {
      const { resolve: done, reject } = this.#waiting.get(message.id) ?? {};
      this.#waiting.delete(message.id);
      if (message.error) reject?.(new Error(JSON.stringify(message.error)));
      else done?.(message.result);
    } else if (message.method === "textDocument/publishDiagnostics") {
      this.#diagnostics.set(message.params.uri, message.params.diagnostics);
      for (const look of this.#watchers) look();
    } else if (message.id !== undefined) {
      // The server asks for settings and the like: it gets none, one empty answer for each thing it asked about.
      const result = message.method === "workspace/configuration" ? message.params.items.map(() => null) : null;
      this.#send({ id: message.id, result });
    }
  }

  #send(message) {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  notify(method, params) {
    this.#send({ method, params });
  }

  request(method, params) {
    const id = this.#next++;
    this.#send({ id, method, params });
    return new Promise((done, reject) => this.#waiting.set(id, { resolve: done, reject }));
  }

  /** The first diagnostics of a document that fit. */
  diagnostics(uri, fits) {
    return new Promise((done) => {
      const look = () => {
        const seen = this.#diagnostics.get(uri);
        if (seen && fits(seen)) done(seen);
      };
      this.#watchers.push(look);
      look();
    });
  }

  async stop() {
    await this.request("shutdown", null);
    this.notify("exit", null);
  }

  kill() {
    this.#process.kill();
  }
}

async function main(server, folder) {
  const root = follow(schema);
  const keys = Object.keys(root.properties ?? {});
  assert.ok(keys.length > 0, "the schema has no properties at its root");
  const described = keys.find((key) => firstWords(follow(root.properties[key]).description ?? "").length > 0);
  assert.ok(described, "no property at the root has a description");

  await server.request("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: {
      textDocument: {
        completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown"] } },
        hover: { contentFormat: ["markdown"] },
        publishDiagnostics: {},
      },
      workspace: { configuration: true },
    },
  });
  server.notify("initialized", {});
  server.notify("workspace/didChangeConfiguration", {
    settings: { yaml: { completion: true, hover: true, validate: true, schemaStore: { enable: false } } },
  });

  const open = (name, body) => {
    const path = join(folder, name);
    // Only the modeline leads to the schema: this is what our own files carry.
    const text = `# yaml-language-server: $schema=${schemaPath}\n${body}`;
    writeFileSync(path, text);
    const uri = pathToFileURL(path).href;
    server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    return uri;
  };

  const empty = open("empty.yaml", "\n");
  const completed = await server.request("textDocument/completion", {
    textDocument: { uri: empty },
    position: { line: 1, character: 0 },
  });
  const labels = new Set((completed.items ?? completed).map((item) => item.label));
  for (const key of keys) assert.ok(labels.has(key), `\`${key}\` is not completed; there are ${[...labels].join(", ")}`);
  console.log(`completion: ${keys.length} keys`);

  const hovered = open("hover.yaml", `${described}: {}\n`);
  const hover = await server.request("textDocument/hover", {
    textDocument: { uri: hovered },
    position: { line: 1, character: 1 },
  });
  const shown = JSON.stringify(hover?.contents ?? "nothing");
  for (const word of firstWords(follow(root.properties[described]).description)) {
    assert.ok(shown.includes(word), `hover over \`${described}\` shows ${shown}, without \`${word}\``);
  }
  console.log(`hover: ${described}`);

  if (root.additionalProperties === false) {
    const wrong = open("wrong.yaml", "noSuchKeyAnywhere: 1\n");
    const found = await server.diagnostics(wrong, (all) => all.some((one) => one.message.includes("noSuchKeyAnywhere")));
    console.log(`diagnostics: ${found[0].message}`);
  }
  await server.stop();
}

const folder = mkdtempSync(join(tmpdir(), "chartwright-editor-"));
const server = new Server(resolve(serverPath));
const limit = setTimeout(() => {
  console.error(`no answer within ${LIMIT_MS / 1000} s`);
  server.kill();
  process.exitCode = 1;
}, LIMIT_MS);
try {
  await main(server, folder);
} catch (error) {
  console.error(`${error.message ?? error}`);
  server.kill();
  process.exitCode = 1;
} finally {
  clearTimeout(limit);
  rmSync(folder, { recursive: true, force: true });
}
