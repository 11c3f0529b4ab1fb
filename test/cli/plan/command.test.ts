/** `npx sluice plan import`, as a process. */
import { afterAll, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cli } from '../run-cli.ts';

const cli = new Cli();
afterAll(() => {
  cli.remove();
});

it('writes a plan, says what it left out, and fails where a schema needs work', async () => {
  const rules = { properties: { properties: { properties: { code: { pattern: '^(?!x)', odd: 1 } } } } };
  writeFileSync(join(cli.dir, 'theirs.json'), JSON.stringify({ events: [{ name: 'Paid', rules }] }));
  const said = await cli.run([
    'plan',
    'import',
    '--from',
    'rudderstack',
    'theirs.json',
    '-o',
    'plans/web.json',
  ]);
  expect(said.code).toBe(1);
  expect(said.stdout).toBe('plans/web.json: 1 events\n');
  expect(said.stderr).toContain('track "Paid": left out properties.properties.properties.code.odd');
  expect(said.stderr).toContain(
    'plans/web.json: events[0].schema.properties.properties.properties.code.pattern: "^(?!x)" is not',
  );
  expect(JSON.parse(readFileSync(join(cli.dir, 'plans/web.json'), 'utf8'))).toMatchObject({
    events: [{ name: 'Paid' }],
  });

  writeFileSync(join(cli.dir, 'none.json'), '{}');
  const refused = await cli.run(['plan', 'import', '--from', 'segment', 'none.json']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('none.json: is not a tracking plan of Segment');
});
