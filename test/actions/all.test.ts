/** The whole catalogue: which of it can be bundled, and loads in its thread. After an update of the package this says what has changed. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { listDestinations } from '../../config/catalogue/described.ts';
import { openLibrary } from '../../config/catalogue/library.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { bundleCatalogue } from '../../lib/catalogue.ts';
import { ROOT } from '../../local/common/settings.ts';

/** They open connections that the guarded client does not see ... */
const UNGUARDED = [
  'acoustic-s3tc',
  'amazon-eventbridge',
  'aws-kinesis',
  'aws-s3',
  'engage-messaging-sendgrid',
  'kafka',
  'linkedin-audiences',
  'linkedin-conversions',
  'liveramp-audiences',
  's3',
  'sftp',
  'the-trade-desk-crm',
];
/** ... or need what the package does not bring. */
const NOT_BUNDLED = ['salesforce-marketing-cloud'];

const directory = mkdtempSync(path.join(tmpdir(), 'sluice-catalogue-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('is bundled, but for those that are known', async () => {
  const library = openLibrary(ROOT);
  const refused = { unguarded: [] as string[], notBundled: [] as string[] };
  const files: string[] = [];
  for (const name of library?.names ?? []) {
    try {
      const file = path.join(directory, `${name}.mjs`);
      writeFileSync(file, bundleCatalogue({ name, id: 'it' }, ROOT, 'test'));
      files.push(pathToFileURL(file).href);
    } catch (error) {
      const isUnguarded = (error as Error).message.includes('opens connections of its own');
      (isUnguarded ? refused.unguarded : refused.notBundled).push(name);
    }
  }
  expect(refused).toEqual({ unguarded: UNGUARDED, notBundled: NOT_BUNDLED });
  expect(files).toHaveLength(203);
  // All in one process, whose time they share; the listeners of each would keep every answer.
  const program = `for (const file of ${JSON.stringify(files)}) {
    const { destination, parseFql, validate } = await import(file);
    for (const [name, action] of Object.entries(destination.actions))
      if (action.listenerCount('response') !== 0) console.log(file, name);
    if (!validate(parseFql('type = "track"'), { type: 'track' })) console.log(file);
  }`;
  const main = path.join(directory, 'main.mjs');
  writeFileSync(main, program);
  const { code, stdout, stderr } = await runProcess(process.execPath, [main], {
    env: { PATH: process.env['PATH'] },
  });
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '' });
}, 600_000);

it('is listed, but for what works inside of Segment alone, and what does not load', () => {
  const library = openLibrary(ROOT);
  expect(library && listDestinations(library)).toHaveLength(213);
});
