/**
 * Packs an assembly, so that a test can run the release that made it: `node --import tsx test/compatibility/pack.ts <cdk.out> <file>`. Of its
 * files those are left out that nothing reads which runs it. README.md says how the assembly is made.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const LEFT_OUT = /\.map$|^tree\.json$|^sluice-inputs\.json$|^validation-report\.json$/;

const filesIn = (dir: string): readonly string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });

const [dir, file] = process.argv.slice(2);
if (dir === undefined || file === undefined)
  throw new Error('name the assembly, and the file that it is packed into');
const files = filesIn(dir)
  .map((path) => [relative(dir, path), readFileSync(path, 'utf8')] as const)
  .filter(([name]) => !LEFT_OUT.test(name));
const text = JSON.stringify(Object.fromEntries(files));
const packed = brotliCompressSync(text, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    // All of it is looked back at: the functions have most of their code in common.
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text),
  },
});
writeFileSync(file, packed);
process.stdout.write(`${String(files.length)} files, ${String(packed.length)} bytes\n`);
