/**
 * A CDK app that makes an assembly which was packed: `SLUICE_APP='node test/compatibility/unpack.mjs <file>'`. Its destinations are at
 * SLUICE_TEST_RECEIVER.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Where the packed assembly sends to: a port on which nobody listens. */
const NOWHERE = 'http://127.0.0.1:9/';

const [file] = process.argv.slice(2);
const { CDK_OUTDIR: outdir, SLUICE_TEST_RECEIVER: receiver } = process.env;
if (file === undefined || outdir === undefined || receiver === undefined)
  throw new Error('name the file, and set CDK_OUTDIR and SLUICE_TEST_RECEIVER');
const files = JSON.parse(brotliDecompressSync(readFileSync(file)).toString());
for (const [name, text] of Object.entries(files)) {
  const path = join(outdir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, name.endsWith('bundle.json') ? text.replaceAll(NOWHERE, receiver) : text);
}
