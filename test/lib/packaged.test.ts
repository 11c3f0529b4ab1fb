import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { buildProgram } from '../../lib/code.ts';
import { packagedModule, packModule } from '../../lib/packaged.ts';

it('is read as it was written, byte for byte, with the files that it loads later', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-packed-'));
  try {
    const built = buildProgram('deliver').module;
    expect(built.chunks.size).toBeGreaterThan(0);
    const packed = join(directory, 'deliver');
    packModule(packed, built);
    const read = packagedModule(packed);
    expect(read?.exports).toEqual(built.exports);
    expect(Buffer.from(read?.code ?? []).equals(built.code)).toBe(true);
    expect(Buffer.from(read?.sourceMap ?? []).equals(built.sourceMap ?? Buffer.of())).toBe(true);
    expect([...(read?.chunks ?? [])].map(([name, { code }]) => [name, Buffer.from(code).toString()])).toEqual(
      [...built.chunks].map(([name, { code }]) => [name, Buffer.from(code).toString()]),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('a checkout has none', () => {
  expect(packagedModule(join(tmpdir(), 'no-such-directory', 'ingest'))).toBeUndefined();
});
